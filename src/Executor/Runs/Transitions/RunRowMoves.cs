using Executor.Credentials;

namespace Executor.Runs.Transitions;

/// <summary>What every move of a run has in common.</summary>
internal static class RunRowMoves
{
    public static bool IsFinal(this RunStatus status) => status is RunStatus.Succeeded or RunStatus.Failed or RunStatus.Cancelled;

    /// <summary>The run in another status; what belongs to the former one is cleared.</summary>
    public static RunRow MoveTo(this RunRow run, RunStatus status, DateTimeOffset now) => run with
    {
        Status = status,
        Owner = status == RunStatus.Running ? run.Owner : null,
        AwaitingReason = AwaitingReason.None,
        AwaitedServer = null,
        ParkCause = ParkCause.None,
        NotBefore = null,
        BlockedSince = status.IsFinal() ? null : run.BlockedSince,
        BlockedReason = null,
        UpdatedAt = now,
        FinishedAt = status.IsFinal() ? now : null,
    };

    /// <summary>The position moves on; past the last step the run has ended well.</summary>
    /// <param name="next">The step that comes then; null past the last.</param>
    public static RunRow Past(this RunRow run, StepDefinition? next, RunStatus status, DateTimeOffset now) =>
        run.MoveTo(next is null ? RunStatus.Succeeded : status, now) with
        {
            Position = run.Position + 1,
            NextServer = next?.Server,
            BlockedSince = null,
        };
}
