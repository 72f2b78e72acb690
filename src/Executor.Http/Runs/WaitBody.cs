using System.Text.Json.Serialization;
using Executor.Runs;

namespace Executor.Http.Runs;

/// <summary>What a run waits for. Whatever it is, the user may decide: retry the step at once, skip it, or cancel the run.</summary>
/// <param name="McpServerId">The server of the step that waits.</param>
internal sealed record WaitBody(WaitsFor Reason, DateTimeOffset Since, string McpServerId)
{
    /// <summary>When it is tried again, if nothing happens before.</summary>
    public DateTimeOffset? Until { get; init; }

    /// <summary>As in the run, where lists have it too.</summary>
    public string? BlockedReason { get; init; }

    public InterruptionBody? Interruption { get; init; }

    /// <returns>Null where a node is at the run, or where it has ended.</returns>
    public static WaitBody? Of(RunRecord record)
    {
        var run = record.Run;
        if (run.Status is not (RunStatus.Pending or RunStatus.AwaitingInput) || record.Steps.ElementAtOrDefault(run.Position) is not { } current)
            return null;
        var (reason, since) = run switch
        {
            { Status: RunStatus.AwaitingInput, AwaitingReason: AwaitingReason.NeedsOAuthReauth } => (WaitsFor.NeedsOAuthReauth, run.UpdatedAt),
            { Status: RunStatus.AwaitingInput } => (WaitsFor.Interrupted, run.UpdatedAt),
            { BlockedSince: { } blocked } => (WaitsFor.Blocked, blocked),
            { NotBefore: not null } => (WaitsFor.Repetition, run.UpdatedAt),
            _ => (WaitsFor.Turn, run.UpdatedAt),
        };
        return new WaitBody(reason, since, (run.AwaitedServer ?? current.Definition.Server).Value)
        {
            Until = run.Status == RunStatus.Pending ? run.NotBefore : null,
            BlockedReason = run.BlockedReason?.Word,
            Interruption = InterruptionBody.Of(run, current),
        };
    }
}

/// <summary>A call of which nobody knows whether it took effect.</summary>
internal sealed record InterruptionBody(string Step, string McpServerId, string Tool)
{
    /// <summary>When the call began.</summary>
    public DateTimeOffset? Since { get; init; }

    /// <summary>Left out where an older version has not written it down.</summary>
    public Why? Why { get; init; }

    public static InterruptionBody? Of(RunRow run, StepRow step)
    {
        if (step.Status != StepStatus.Executing && step.Interruption is null)
            return null;

        // Whoever takes a lost node's runs writes down nothing of their steps: it says no more than that they are in the queue again.
        var isTakenBack = run is { Status: RunStatus.Pending, BlockedSince: null };
        return new InterruptionBody(step.Definition.Id, step.Definition.Server.Value, step.Definition.Tool)
        {
            Since = step.StartedAt,
            Why = step.Interruption switch
            {
                Interruption.NodeDied => Runs.Why.NodeDied,
                Interruption.NodeStopped => Runs.Why.NodeStopped,
                Interruption.TimedOut => Runs.Why.Timeout,
                Interruption.ConnectionLost => Runs.Why.Connection,
                Interruption.ServerError => Runs.Why.ServerError,
                Interruption.UnreadableAnswer => Runs.Why.UnreadableAnswer,
                Interruption.InternalError => Runs.Why.InternalError,
                _ => isTakenBack ? Runs.Why.NodeDied : null,
            },
        };
    }
}

[JsonConverter(typeof(JsonStringEnumConverter<WaitsFor>))]
internal enum WaitsFor
{
    /// <summary>The user has to connect to the MCP server.</summary>
    [JsonStringEnumMemberName("needs-oauth-reauth")]
    NeedsOAuthReauth,

    /// <summary>The user has to say what is to become of a step that may have taken effect.</summary>
    [JsonStringEnumMemberName("interrupted")]
    Interrupted,

    /// <summary>The credential or the MCP server cannot be used just now.</summary>
    [JsonStringEnumMemberName("blocked")]
    Blocked,

    /// <summary>A call of unknown outcome, which may be repeated, is repeated after a pause.</summary>
    [JsonStringEnumMemberName("repetition")]
    Repetition,

    /// <summary>Its turn.</summary>
    [JsonStringEnumMemberName("turn")]
    Turn,
}

[JsonConverter(typeof(KebabCase<Why>))]
internal enum Why
{
    NodeDied,
    NodeStopped,
    Timeout,
    Connection,
    ServerError,
    UnreadableAnswer,
    InternalError,
}
