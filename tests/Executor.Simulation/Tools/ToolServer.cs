using System.Text.Json;
using Executor.Servers;

namespace Executor.Simulation.Tools;

/// <summary>What an MCP server's tools are, and what they answer.</summary>
internal static class ToolServer
{
    public const string Plain = "plain";
    public const string Idempotent = "idempotent";
    public const string ReadOnly = "read-only";

    private static readonly JsonElement _schema = JsonElement.Parse("""{"type":"object"}""");

    public static readonly IReadOnlyList<McpTool> Tools =
    [
        new(Plain, null, null, _schema, null),
        new(Idempotent, null, null, _schema, JsonElement.Parse("""{"idempotentHint":true}""")),
        new(ReadOnly, null, null, _schema, JsonElement.Parse("""{"readOnlyHint":true}""")),
    ];

    public static readonly McpToolResult Result = new(JsonElement.Parse("""{"content":[],"structuredContent":{"n":1}}"""), IsError: false);

    public static readonly McpToolResult Failure = new(JsonElement.Parse("""{"content":[],"isError":true}"""), IsError: true);

    public static bool IsRepeatable(string tool) => tool is Idempotent or ReadOnly;
}
