using System.Text.Json;
using Executor.Servers;

namespace Executor.Simulation.Tools;

/// <summary>What an MCP server's tools are, and what they answer.</summary>
internal static class ToolServer
{
    public const string Plain = "plain";
    public const string Idempotent = "idempotent";
    public const string ReadOnly = "read-only";

    public static readonly McpToolList Tools = new(
        [Tool(Plain, "{}"), Tool(Idempotent, """{"idempotentHint":true}"""), Tool(ReadOnly, """{"readOnlyHint":true}""")], []);

    public static readonly McpToolResult Result = new(JsonElement.Parse("""{"content":[],"structuredContent":{"n":1}}"""), IsError: false);

    public static readonly McpToolResult Failure = new(JsonElement.Parse("""{"content":[],"isError":true}"""), IsError: true);

    public static bool IsRepeatable(string tool) => tool is Idempotent or ReadOnly;

    private static McpTool Tool(string name, string annotations) =>
        new(name, JsonElement.Parse($$$"""{"inputSchema":{"type":"object"},"annotations":{{{annotations}}}}"""));
}
