using Executor.Identity;

namespace Executor.Runs.Transitions;

/// <summary>How a user moves a run.</summary>
internal static class UserMoves
{
    /// <param name="next">The step after the run's current one, should that be <paramref name="position"/>; null past the last.</param>
    /// <param name="position">Where the run was when <paramref name="next"/> was looked up; null when it is not needed.</param>
    public static RunDecision<TriggerOutcome?> Trigger(
        RunLedger ledger, UserId user, TriggerAction? action, int? position, StepDefinition? next)
    {
        if (ledger.Run is not { } run || run.User != user)
            return new(TriggerOutcome.Unknown);
        switch (run.Status)
        {
            case RunStatus.Pending or RunStatus.Running:
                return new(TriggerOutcome.AlreadyRunning);
            case RunStatus.AwaitingInput when run.AwaitingReason == AwaitingReason.NeedsOAuthReauth:
                // The credential is looked at again; what the step's journal says stays.
                return action is null
                    ? new(TriggerOutcome.Triggered, run.MoveTo(RunStatus.Pending, ledger.Now))
                    : new(TriggerOutcome.ActionNotAllowed);
            case RunStatus.AwaitingInput when action is null:
                return new(TriggerOutcome.ActionRequired);
            case RunStatus.AwaitingInput:
            case RunStatus.Failed when ledger.Current is { Status: StepStatus.Failed, Error.Retryable: true }:
                break;
            default:
                return new(TriggerOutcome.Finished);
        }

        var current = ledger.Current!;
        if (action != TriggerAction.Skip)
        {
            return new(
                TriggerOutcome.Triggered,
                run.MoveTo(RunStatus.Pending, ledger.Now) with { BlockedSince = null, CancelRequested = false },
                [current with { Status = StepStatus.Pending, Error = null }]);
        }

        // Somebody else moved the run since the next step was looked up: look again.
        if (position != run.Position)
            return new((TriggerOutcome?)null);
        return new(
            TriggerOutcome.Triggered,
            run.Past(next, RunStatus.Pending, ledger.Now) with { CancelRequested = false },
            [current with { Status = StepStatus.Skipped }]);
    }

    public static RunDecision<CancelOutcome> Cancel(RunLedger ledger, UserId user)
    {
        if (ledger.Run is not { } run || run.User != user)
            return new(CancelOutcome.Unknown);
        if (run.Status.IsFinal())
            return new(CancelOutcome.Finished);
        if (run.Status != RunStatus.Running)
            return new(CancelOutcome.Cancelled, run.MoveTo(RunStatus.Cancelled, ledger.Now), Cancelled(ledger.Current));
        return run.CancelRequested
            ? new(CancelOutcome.Requested)
            : new(CancelOutcome.Requested, run with { CancelRequested = true, UpdatedAt = ledger.Now });
    }

    public static IReadOnlyList<StepRow>? Cancelled(StepRow? current) =>
        current is null ? null : [current with { Status = StepStatus.Cancelled, Error = null }];
}
