using System.Text.Json;

namespace Executor.Mcp.Calls;

/// <summary>Failures in our own words, fit for the user. They quote nothing of what a server sent but a scope that is one.</summary>
internal static class Words
{
    private const int MaxName = 100;

    private static readonly string[] Capabilities = ["sampling", "elicitation", "roots", "tasks"];

    public static string Unreachable(Answered a) => "The MCP server could not be reached.";

    public static string TimedOut(Answered a) => "The MCP server did not answer in time.";

    public static string Lost(Answered a) => "The connection to the MCP server was lost before it answered.";

    public static string NotUnderstood(Answered a) => "The MCP server's answer was not understood.";

    public static string TooLarge(Answered a) => "The MCP server's answer is larger than allowed.";

    public static string TooManyTools(Answered a) => "The MCP server lists more tools than allowed.";

    public static string Malformed(Answered a) => a.Malformed ?? NotUnderstood(a);

    public static string Status(Answered a) =>
        a.Code is { } code && a.Http == 400 ? Error(a) : $"The MCP server answered with HTTP {a.Http}.";

    public static string Redirect(Answered a) => $"The MCP server answered with a redirect (HTTP {a.Http}), which is not followed.";

    public static string Error(Answered a) => $"The MCP server answered with the JSON-RPC error {a.Code}.";

    public static string Version(Answered a) => "The MCP server refused the version of the protocol.";

    public static string Forbidden(Answered a) => "The MCP server refused access.";

    public static string NeedsScope(Answered a) =>
        "The MCP server refused access: the permissions that were granted do not cover it."
        + (a.Refusal?.Scope is { } scope ? $" It asks for the scope \"{scope}\"." : "");

    public static string UnknownTool(Answered a) => a.Tool is { } tool
        ? $"The MCP server has no tool named \"{Shortened(tool)}\"."
        : Error(a);

    public static string Capability(Answered a)
    {
        var needed = a.Error is { Data.ValueKind: JsonValueKind.Object } error
            && error.Data.TryGetProperty("requiredCapabilities", out var required) && required.ValueKind == JsonValueKind.Object
            ? Capabilities.Where(name => required.TryGetProperty(name, out _)).ToArray()
            : [];
        return "The MCP server needs something of its client that Executor does not offer"
            + (needed.Length > 0 ? $": {string.Join(", ", needed)}." : ".");
    }

    private static string Shortened(string name)
    {
        if (name.Length <= MaxName)
            return name;
        return name[..(char.IsHighSurrogate(name[MaxName - 1]) ? MaxName - 1 : MaxName)] + "…";
    }
}
