using System.Reflection;

namespace Executor.Servers;

/// <summary>
/// What Executor calls itself in <c>User-Agent</c> (RFC 9110 §10.1.5). Some firewalls in front of OAuth and MCP servers turn away whoever
/// gives no name.
/// </summary>
public static class UserAgents
{
    internal const int MaxLength = 256;

    public static string Default { get; } =
        $"executor/{typeof(UserAgents).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "0.0.0"}";

    /// <summary>The default where the file says nothing.</summary>
    internal static string Read(MemberReader server, IReadOnlyDictionary<string, string> headers, ServersFileReport report)
    {
        if (server.Text("userAgent") is not { } text)
            return Default;
        if (text.Trim(' ').Length is 0 or > MaxLength || text != text.Trim(' ') || text.AsSpan().ContainsAnyExceptInRange(' ', '~'))
            report.Add(server.At("userAgent"), $"must have 1 to {MaxLength} characters of printable ASCII, none of them a line break, and no space at either end.");
        if (headers.ContainsKey("User-Agent"))
            report.Add(server.At("userAgent"), "and a User-Agent header exclude each other.");
        return text;
    }
}
