using System.Text.Json.Serialization;
using Executor.Runs;

namespace Executor.Http.Runs;

/// <summary>A run as its user sees it.</summary>
internal sealed record RunBody(string Id, string Name, [property: JsonConverter(typeof(KebabCase<RunStatus>))] RunStatus Status, int Position, long Version)
{
    public WaitReason? AwaitingInputReason { get; init; }

    public AwaitedBody? Awaiting { get; init; }

    /// <summary>
    /// What the run waits for while it is sent back to the queue: a code of its OAuth server's, or a word of Executor's. Left out when it
    /// is not blocked.
    /// </summary>
    public string? BlockedReason { get; init; }

    /// <summary>Left out in lists, while a node is at the run, and when it has ended.</summary>
    public WaitBody? WaitsFor { get; init; }

    public DateTimeOffset CreatedAt { get; init; }

    public DateTimeOffset UpdatedAt { get; init; }

    /// <summary>Left out until the run has ended.</summary>
    public DateTimeOffset? FinishedAt { get; init; }

    /// <summary>Left out in lists.</summary>
    public StepBody[]? Steps { get; init; }

    public static RunBody Of(RunRow run) => new(run.Id.ToString(), run.Name, run.Status, run.Position, run.Version)
    {
        AwaitingInputReason = Reason(run),
        Awaiting = run is { Status: RunStatus.AwaitingInput, AwaitedServer: { } server } ? new AwaitedBody(server.Value) : null,
        BlockedReason = run.BlockedReason?.Word,
        CreatedAt = run.CreatedAt,
        UpdatedAt = run.UpdatedAt,
        FinishedAt = run.FinishedAt,
    };

    public static RunBody Of(RunRecord record) => Of(record.Run) with
    {
        WaitsFor = WaitBody.Of(record),
        Steps = [.. record.Steps.Select(step => StepBody.Of(step, step.Index == record.Run.Position ? Reason(record.Run) : null))],
    };

    private static WaitReason? Reason(RunRow run) => run.Status != RunStatus.AwaitingInput ? null : run.AwaitingReason switch
    {
        AwaitingReason.NeedsOAuthReauth => WaitReason.NeedsOAuthReauth,
        AwaitingReason.Interrupted => WaitReason.Interrupted,
        _ => null,
    };
}

internal sealed record AwaitedBody(string McpServerId);

/// <param name="Arguments">As they were given, with their references.</param>
/// <param name="Attempts">How often the tool has been called.</param>
internal sealed record StepBody(string Id, StepState Status, string McpServerId, string Tool, RawJson Arguments, int Attempts)
{
    /// <summary>When the latest attempt began.</summary>
    public DateTimeOffset? StartedAt { get; init; }

    /// <summary>When it succeeded or failed, or was skipped or cancelled.</summary>
    public DateTimeOffset? FinishedAt { get; init; }

    public WaitReason? AwaitingInputReason { get; init; }

    /// <summary>The tool's answer as JSON, exactly as it was stored.</summary>
    public RawJson? Result { get; init; }

    public StepErrorBody? Error { get; init; }

    /// <param name="waiting">Why the run waits at this step. The journal does not say so: a parked step is simply not done yet.</param>
    public static StepBody Of(StepRow step, WaitReason? waiting) =>
        new(
            step.Definition.Id,
            waiting is null ? State(step.Status) : StepState.AwaitingInput,
            step.Definition.Server.Value,
            step.Definition.Tool,
            new RawJson(step.Definition.Arguments),
            step.Attempts)
        {
            StartedAt = step.StartedAt,
            FinishedAt = step.FinishedAt,
            AwaitingInputReason = waiting,
            Result = step.Result is { } json ? new RawJson(json) : null,
            Error = step.Error is { } error ? StepErrorBody.Of(error) : null,
        };

    private static StepState State(StepStatus status) => status switch
    {
        StepStatus.Pending => StepState.Pending,
        StepStatus.Executing => StepState.Executing,
        StepStatus.Succeeded => StepState.Succeeded,
        StepStatus.Failed => StepState.Failed,
        StepStatus.Skipped => StepState.Skipped,
        StepStatus.Cancelled => StepState.Cancelled,
        _ => throw new InvalidOperationException("A step status that is not known."),
    };
}

/// <param name="Retryable">True when the step failed without an effect: a trigger may retry or skip it.</param>
internal sealed record StepErrorBody(string Code, string Message, bool? Retryable = null)
{
    public static StepErrorBody Of(StepError error) => new(error.Code, error.Message, error.Retryable ? true : null);
}

internal sealed record RunPageBody(RunBody[] Runs)
{
    /// <summary>Left out on the last page.</summary>
    public string? NextCursor { get; init; }
}

internal sealed record TriggeredBody(bool Triggered);

/// <param name="Cancelled">False while a call in flight is still being told; the run's status says when it has ended.</param>
internal sealed record CancelledBody(bool Cancelled);

[JsonConverter(typeof(JsonStringEnumConverter<WaitReason>))]
internal enum WaitReason
{
    [JsonStringEnumMemberName("needs-oauth-reauth")]
    NeedsOAuthReauth,

    [JsonStringEnumMemberName("interrupted")]
    Interrupted,
}

[JsonConverter(typeof(KebabCase<StepState>))]
internal enum StepState
{
    Pending,
    Executing,
    AwaitingInput,
    Succeeded,
    Failed,
    Skipped,
    Cancelled,
}
