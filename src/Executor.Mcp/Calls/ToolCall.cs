using System.Text.Json;
using System.Text.Json.Nodes;
using Executor.Servers;
using ModelContextProtocol.Protocol;

namespace Executor.Mcp.Calls;

/// <summary><c>tools/call</c>, with the result as the server sent it: the SDK's types would drop what they do not know.</summary>
internal sealed class ToolCall(Exchange exchange, McpToolCall call)
{
    /// <summary>A prefix of our own, as names in <c>_meta</c> must have; MCP defines no member for this.</summary>
    private const string IdempotencyKey = "executor/idempotencyKey";

    /// <summary>A server that asks for nothing but to be called again, for the sake of its load, is called again so often.</summary>
    private const int MaxRounds = 10;

    /// <param name="headers">What the tool's schema wants mirrored.</param>
    public async Task<McpToolResult> SendAsync(ParameterHeaders? headers)
    {
        if (headers is null)
            throw new RefusedResultException(Failures.UnusableDefinition);
        exchange.Scope.ParameterHeaders = headers.Of(call.Arguments) ?? throw new RefusedResultException(Failures.UnmirroredArgument);
        using var listening = exchange.ListenForProgress(call.OnProgress, out var progressToken);
        string? state = null;
        for (var round = 1; ; round++)
        {
            var answer = await ExchangeAsync(state, progressToken);
            var kind = ResultTypes.KindOf(answer);
            if (kind == ResultKind.Complete)
                return new McpToolResult(answer, answer.TryGetProperty("isError", out var flag) && flag.ValueKind == JsonValueKind.True);
            if (kind != ResultKind.InputRequired || round == MaxRounds || !ResultTypes.AsksForNothing(answer, out state))
                throw new RefusedResultException(ResultTypes.FailureOf(kind, answer));
            exchange.Scope.HasBegun = true;
        }
    }

    private async Task<JsonElement> ExchangeAsync(string? state, int progressToken)
    {
        var parameters = new JsonObject
        {
            ["name"] = call.Tool,
            ["arguments"] = JsonObject.Create(call.Arguments),
            ["_meta"] = new JsonObject { [IdempotencyKey] = call.IdempotencyKey, ["progressToken"] = progressToken },
        };
        if (state is not null)
            parameters["requestState"] = state;
        var answer = await exchange.SendAsync(RequestMethods.ToolsCall, parameters, call.Tool);
        return answer.ValueKind == JsonValueKind.Object
            ? answer
            : throw new MalformedAnswerException("The MCP server answered the call with something else than a result.");
    }
}
