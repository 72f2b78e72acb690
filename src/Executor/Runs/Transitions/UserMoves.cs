using Executor.Identity;

namespace Executor.Runs.Transitions;

/// <summary>How a user moves a run.</summary>
internal static class UserMoves
{
    /// <summary>
    /// A run that nobody is at can be decided. Whatever it waits for, its user may say that the step is to be tried again at once, or
    /// left out. Without an action the run only looks again at what it waits for, and the step's journal stays.
    /// </summary>
    /// <param name="next">The step after the run's current one, if that is <paramref name="position"/>; null past the last.</param>
    /// <param name="position">Where the run was when <paramref name="next"/> was looked up; null when it is not needed.</param>
    public static RunDecision<TriggerOutcome?> Trigger(
        RunLedger ledger, UserId user, TriggerAction? action, int? position, StepDefinition? next)
    {
        if (ledger.Run is not { } run || run.User != user)
            return new(TriggerOutcome.Unknown);
        if (Refusal(run, ledger.Current, action) is { } refusal)
            return new(refusal);
        if (action is null && run.Status != RunStatus.Failed)
            return new(TriggerOutcome.Triggered, run.MoveTo(RunStatus.Pending, ledger.Now));

        var current = ledger.Current!;
        if (action != TriggerAction.Skip)
        {
            return new(
                TriggerOutcome.Triggered,
                run.MoveTo(RunStatus.Pending, ledger.Now) with { BlockedSince = null, CancelRequested = false },
                [current.ToRetry()]);
        }

        // Somebody else moved the run since the next step was looked up: look again.
        if (position != run.Position)
            return new((TriggerOutcome?)null);
        return new(
            TriggerOutcome.Triggered,
            run.Past(next, RunStatus.Pending, ledger.Now) with { CancelRequested = false },
            [(current with { Status = StepStatus.Skipped }).Finished(ledger.Now)]);
    }

    /// <returns>Why the run is not moved; null when it is.</returns>
    private static TriggerOutcome? Refusal(RunRow run, StepRow? current, TriggerAction? action) => run.Status switch
    {
        // A node is at it, or is lost: then its runs are back in the queue within seconds.
        RunStatus.Running => TriggerOutcome.AlreadyRunning,

        // Its end has been asked for, and was acknowledged.
        RunStatus.Pending when run.CancelRequested => action is null ? TriggerOutcome.AlreadyRunning : TriggerOutcome.ActionNotAllowed,

        // In the queue, to be claimed at any moment.
        RunStatus.Pending when action is null => run.NotBefore is null ? TriggerOutcome.AlreadyRunning : null,
        RunStatus.Pending => IsNext(run, current) ? TriggerOutcome.AlreadyRunning : null,
        RunStatus.AwaitingInput when run.AwaitingReason == AwaitingReason.Interrupted && action is null => TriggerOutcome.ActionRequired,
        RunStatus.AwaitingInput => null,
        RunStatus.Failed when current is { Status: StepStatus.Failed, Error.Retryable: true } => null,
        _ => TriggerOutcome.Finished,
    };

    /// <summary>Waits for nothing but its turn, and nothing is undecided: a second retry, or a second skip, comes too late.</summary>
    private static bool IsNext(RunRow run, StepRow? current) =>
        run is { NotBefore: null, BlockedSince: null } && current is { Status: not StepStatus.Executing };

    public static RunDecision<CancelOutcome> Cancel(RunLedger ledger, UserId user)
    {
        if (ledger.Run is not { } run || run.User != user)
            return new(CancelOutcome.Unknown);
        if (run.Status.IsFinal())
            return new(CancelOutcome.Finished);
        if (run.Status != RunStatus.Running)
            return new(CancelOutcome.Cancelled, run.MoveTo(RunStatus.Cancelled, ledger.Now), Cancelled(ledger));
        return run.CancelRequested
            ? new(CancelOutcome.Requested)
            : new(CancelOutcome.Requested, run with { CancelRequested = true, UpdatedAt = ledger.Now });
    }

    public static IReadOnlyList<StepRow>? Cancelled(RunLedger ledger) => ledger.Current is { } current
        ? [(current with { Status = StepStatus.Cancelled, Error = null }).Finished(ledger.Now)]
        : null;
}
