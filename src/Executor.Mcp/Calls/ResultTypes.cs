using System.Text.Json;
using Executor.Servers;

namespace Executor.Mcp.Calls;

internal enum ResultKind
{
    Complete,
    InputRequired,
    Task,

    /// <summary>MCP 2026-07-28: «of any value unrecognized by the client MUST be considered invalid».</summary>
    Unknown,
}

/// <summary>What kind of result an answer is: only a complete one says what became of the request.</summary>
internal static class ResultTypes
{
    private const int MaxAsked = 5;
    private const int MaxName = 64;

    /// <param name="result">An object.</param>
    public static ResultKind KindOf(JsonElement result)
    {
        if (!result.TryGetProperty("resultType", out var type))
        {
            // Absent means complete, for the versions before 2026-07-28; in 2025-11-25 a task says so by its handle.
            return result.TryGetProperty("task", out var task) && task.ValueKind == JsonValueKind.Object && !result.TryGetProperty("content", out _)
                ? ResultKind.Task
                : ResultKind.Complete;
        }

        if (type.ValueKind != JsonValueKind.String)
            return ResultKind.Unknown;
        return type.ValueEquals("complete") ? ResultKind.Complete
            : type.ValueEquals("input_required") ? ResultKind.InputRequired
            : type.ValueEquals("task") ? ResultKind.Task
            : ResultKind.Unknown;
    }

    /// <summary>
    /// Why a call that brought this has failed. None is made again: the server has taken the request and answered it, and a task may
    /// go on at it.
    /// </summary>
    public static McpFailure FailureOf(ResultKind kind, JsonElement result) => kind switch
    {
        ResultKind.InputRequired => new(
            McpFailureCodes.InputRequired, $"The tool asks for input before it goes on, which is not supported: {Asked(result)}.", McpEffect.Settled),
        ResultKind.Task => new(
            McpFailureCodes.ResultTypeUnsupported,
            "The MCP server answered with a task, which is not supported: the tool has been started, and may still run.",
            McpEffect.Settled),
        _ => new(
            McpFailureCodes.ResultTypeUnsupported,
            "The MCP server answered with a kind of result that is not known: the tool may have run.",
            McpEffect.Settled),
    };

    /// <summary>MCP 2026-07-28, Multi Round-Trip Requests: a state without requests asks for nothing but the same call with the state.</summary>
    public static bool AsksForNothing(JsonElement result, out string? state)
    {
        state = result.TryGetProperty("requestState", out var opaque) && opaque.ValueKind == JsonValueKind.String ? opaque.GetString() : null;
        var asks = result.TryGetProperty("inputRequests", out var requests) && requests.ValueKind != JsonValueKind.Null
            && !(requests.ValueKind == JsonValueKind.Object && !requests.EnumerateObject().Any());
        return state is not null && !asks;
    }

    /// <summary>Kinds and names; what is asked in them is the server's text, and goes nowhere.</summary>
    private static string Asked(JsonElement result)
    {
        if (!result.TryGetProperty("inputRequests", out var requests) || requests.ValueKind != JsonValueKind.Object)
            return "it does not say for what";
        var asked = new List<string>();
        var more = 0;
        foreach (var request in requests.EnumerateObject())
        {
            if (asked.Count == MaxAsked)
                more++;
            else
                asked.Add(IsPlain(request.Name) ? $"{KindOfRequest(request.Value)} «{request.Name}»" : KindOfRequest(request.Value));
        }

        if (asked.Count == 0)
            return "it does not say for what";
        return string.Join(", ", asked) + (more > 0 ? $" and {more} more" : "");
    }

    private static string KindOfRequest(JsonElement request)
    {
        if (request.ValueKind != JsonValueKind.Object || !request.TryGetProperty("method", out var method) || method.ValueKind != JsonValueKind.String)
            return "something unknown";
        return method.ValueEquals("elicitation/create") ? "elicitation"
            : method.ValueEquals("sampling/createMessage") ? "sampling"
            : method.ValueEquals("roots/list") ? "roots"
            : "something unknown";
    }

    private static bool IsPlain(string name) =>
        name.Length is > 0 and <= MaxName && name.All(c => char.IsAsciiLetterOrDigit(c) || c is '_' or '-' or '.');
}
