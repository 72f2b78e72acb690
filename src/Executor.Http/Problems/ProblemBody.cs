using System.Text.Json.Serialization;

namespace Executor.Http.Problems;

/// <summary>
/// RFC 9457, with the members that clients of the reference system read beside: <c>error</c>, <c>code</c>,
/// <c>awaitingInputReason</c>, <c>mcpServerId</c>.
/// </summary>
internal sealed record ProblemBody(string Type, string Title, int Status)
{
    public string? Detail { get; init; }

    public string? Error { get; init; }

    public string? Code { get; init; }

    public string? AwaitingInputReason { get; init; }

    public string? McpServerId { get; init; }

    /// <summary>What a credential waits for: a code of its OAuth server's, or a word of Executor's.</summary>
    public string? BlockedReason { get; init; }

    /// <summary>Becomes the <c>Retry-After</c> header.</summary>
    [JsonIgnore]
    public TimeSpan? RetryAfter { get; init; }
}
