using System.Text.Json;
using System.Text.Json.Nodes;
using Executor.Servers;
using ModelContextProtocol.Protocol;

namespace Executor.Mcp.Calls;

/// <summary><c>tools/call</c>, with the result as the server sent it: the SDK's types would drop what they do not know.</summary>
internal static class ToolCall
{
    /// <summary>A prefix of our own, as names in <c>_meta</c> must have; MCP defines no member for this.</summary>
    private const string IdempotencyKey = "executor/idempotencyKey";

    public static async Task<McpToolResult> SendAsync(Exchange exchange, McpToolCall call)
    {
        var parameters = new JsonObject
        {
            ["name"] = call.Tool,
            ["arguments"] = JsonObject.Create(call.Arguments),
            ["_meta"] = new JsonObject { [IdempotencyKey] = call.IdempotencyKey },
        };
        if (await exchange.SendAsync(RequestMethods.ToolsCall, parameters) is not JsonObject result)
            throw new MalformedAnswerException("The MCP server answered the call with something else than a result.");
        var isError = result["isError"] is JsonValue flag && flag.TryGetValue(out bool value) && value;
        return new McpToolResult(JsonSerializer.SerializeToElement(result), isError);
    }
}
