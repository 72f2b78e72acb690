using Executor.Credentials;

namespace Executor.Runs.Transitions;

/// <summary>
/// How the node that holds a run moves it. Every move is decided on the locked row, or written only over the version that it was decided
/// on. So a zombie changes nothing. After a commit of unknown outcome a move may be asked for again: it then finds out that it took
/// place.
/// </summary>
internal static class DriverMoves
{
    public static RunDecision<MoveOutcome> Begin(RunLedger ledger, StepRow executing)
    {
        var run = ledger.Run!;
        if (run.CancelRequested)
            return Cancel(ledger);
        if (ledger.Current is { Status: StepStatus.Executing } current && current.Attempts == executing.Attempts)
            return new(MoveOutcome.Applied);
        return new(MoveOutcome.Applied, Running(run, ledger), [executing.Begun(ledger.Now)]);
    }

    /// <param name="done">The step that ended well, with its result.</param>
    /// <param name="next">The step that comes then; null past the last.</param>
    public static RunDecision<MoveOutcome> Complete(RunLedger ledger, StepRow done, StepDefinition? next, AfterStep after)
    {
        var run = ledger.Run!;
        done = done.Finished(ledger.Now);
        if (run.Position > done.Index)
            return new(ledger.Current is { Status: StepStatus.Executing } ? MoveOutcome.Applied : MoveOutcome.AppliedAlone);

        // The result is kept even when the run has been cancelled meanwhile: the tool did run.
        if (run.CancelRequested && next is not null)
        {
            var cancelled = new StepRow { Index = done.Index + 1, Definition = next, Status = StepStatus.Cancelled }.Finished(ledger.Now);
            return new(MoveOutcome.Ended, run.Past(next, RunStatus.Cancelled, ledger.Now), [done, cancelled]);
        }

        var status = after is AfterStep.Queue ? RunStatus.Pending : RunStatus.Running;
        var moved = run.Past(next, status, ledger.Now);
        return after switch
        {
            AfterStep.Begin begin when next is not null => new(MoveOutcome.Applied, moved, [done, begin.Executing.Begun(ledger.Now)]),
            AfterStep.Keep when next is not null => new(MoveOutcome.AppliedAlone, moved, [done]),
            _ => new(MoveOutcome.Ended, moved, [done]),
        };
    }

    public static RunDecision<MoveOutcome> Fail(RunLedger ledger, StepRow step, StepError error) => new(
        MoveOutcome.Ended,
        ledger.Run!.MoveTo(RunStatus.Failed, ledger.Now),
        [(step with { Status = StepStatus.Failed, Error = error }).Finished(ledger.Now)]);

    public static RunDecision<MoveOutcome> Cancel(RunLedger ledger) => new(
        MoveOutcome.Ended, ledger.Run!.MoveTo(RunStatus.Cancelled, ledger.Now), UserMoves.Cancelled(ledger));

    /// <summary>Waits for the user to reconnect; but when the credential has changed since it was seen, the run goes on instead.</summary>
    public static RunDecision<MoveOutcome> Park(RunLedger ledger, StepRow step, CredentialKey credential, ParkCause cause)
    {
        var run = ledger.Run!;
        if (run.CancelRequested)
            return Cancel(ledger);
        if (!ledger.StillAsSeen)
            return new(MoveOutcome.NotAsSeen, Running(run, ledger), [step]);
        var parked = run.MoveTo(RunStatus.AwaitingInput, ledger.Now) with
        {
            AwaitingReason = AwaitingReason.NeedsOAuthReauth,
            AwaitedServer = credential.Server,
            ParkCause = cause,
            BlockedSince = null,
        };
        return new(MoveOutcome.Ended, parked, [step]);
    }

    /// <summary>Nobody knows whether the call took effect, and nothing may be assumed: the user says retry or skip.</summary>
    public static RunDecision<MoveOutcome> Interrupt(RunLedger ledger, StepRow step)
    {
        var run = ledger.Run!;
        if (run.CancelRequested)
            return Cancel(ledger);
        var waiting = run.MoveTo(RunStatus.AwaitingInput, ledger.Now) with
        {
            AwaitingReason = AwaitingReason.Interrupted,
            BlockedSince = null,
        };
        return new(MoveOutcome.Ended, waiting, [step]);
    }

    /// <summary>Back to the queue at once: the node stops, or is not sure of itself.</summary>
    public static RunDecision<MoveOutcome> GiveBack(RunLedger ledger, StepRow step) => ledger.Run!.CancelRequested
        ? Cancel(ledger)
        : new(MoveOutcome.Ended, ledger.Run.MoveTo(RunStatus.Pending, ledger.Now), [step]);

    /// <summary>Back to the queue, to be tried again after <paramref name="delay"/>.</summary>
    public static RunDecision<MoveOutcome> Postpone(RunLedger ledger, StepRow step, TimeSpan delay) => ledger.Run!.CancelRequested
        ? Cancel(ledger)
        : new(MoveOutcome.Ended, ledger.Run.MoveTo(RunStatus.Pending, ledger.Now) with { NotBefore = ledger.Now + delay }, [step]);

    /// <summary>
    /// As <see cref="Postpone"/>, for a fault that may pass. The wait grows with the time that the fault has lasted. At the limit
    /// <paramref name="giveUp"/> decides.
    /// </summary>
    /// <param name="jitter">0 to 1, drawn beforehand.</param>
    public static RunDecision<MoveOutcome> Block(
        RunLedger ledger,
        StepRow step,
        Blocking blocking,
        double jitter,
        Func<RunLedger, StepRow, RunDecision<MoveOutcome>> giveUp)
    {
        var run = ledger.Run!;
        var since = run.BlockedSince ?? ledger.Now;
        if (ledger.Now - since >= blocking.Limit)
            return giveUp(ledger, step);
        var postponed = Postpone(ledger, step, blocking.Delay(ledger.Now - since, jitter));
        return postponed.Run is { Status: RunStatus.Pending } pending
            ? postponed with { Run = pending with { BlockedSince = since, BlockedReason = blocking.Reason } }
            : postponed;
    }

    private static RunRow Running(RunRow run, RunLedger ledger) => run.MoveTo(RunStatus.Running, ledger.Now);
}
