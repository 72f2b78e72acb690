using System.Buffers;

namespace Executor.Servers;

internal static class HeaderReader
{
    /// <summary>RFC 9110 §5.6.2.</summary>
    private static readonly SearchValues<char> Token =
        SearchValues.Create("!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz");

    /// <summary>HTTP and MCP set these themselves, from what the message is.</summary>
    private static readonly HashSet<string> Reserved = new(StringComparer.OrdinalIgnoreCase)
    {
        "Accept", "Connection", "Content-Encoding", "Content-Length", "Content-Type", "Expect", "Host", "Keep-Alive", "Last-Event-ID",
        "Proxy-Connection", "TE", "Trailer", "Transfer-Encoding", "Upgrade",
    };

    public static IReadOnlyDictionary<string, string> Read(MemberReader server, ServersFileReport report)
    {
        var headers = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        if (server.Object("headers") is not { } members)
            return headers;
        foreach (var name in members.Names())
        {
            if (members.Text(name) is not { } value)
                continue;
            if (name.Length == 0 || name.AsSpan().ContainsAnyExcept(Token))
                report.Add(members.At(name), "is not a header name: letters, digits and !#$%&'*+-.^_`|~.");
            else if (Reserved.Contains(name) || name.StartsWith("Mcp-", StringComparison.OrdinalIgnoreCase))
                report.Add(members.At(name), "is set by HTTP or MCP itself.");
            else if (value.AsSpan().ContainsAnyExceptInRange(' ', '~'))
                report.Add(members.At(name), "must be printable ASCII, without line breaks.");
            else if (!headers.TryAdd(name, value))
                report.Add(members.At(name), "is there twice: header names do not distinguish case.");
        }

        return headers;
    }
}
