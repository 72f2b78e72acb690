using System.Diagnostics;
using Executor.Credentials;
using Executor.Runs.Transitions;

namespace Executor.Runs.Driving;

internal sealed partial class RunDriver
{
    private static readonly StepError _keyMissing = new(
        StepErrorCodes.EncryptionKeyMissing, "The executor has no encryption key to open credentials with.", Retryable: true);

    private static readonly StepError _toolFailed = new(
        StepErrorCodes.ToolFailed, "The tool says that it failed; its result has the details.", Retryable: false);

    private static readonly StepError _blocked = new(
        StepErrorCodes.Unavailable, "The step could not be begun for too long: its credential or its MCP server was busy.", Retryable: true);

    private static readonly StepError _internal = new(StepErrorCodes.Internal, "The executor failed.", Retryable: true);

    private static RunDecision<MoveOutcome> GiveUpBlocked(RunLedger ledger, StepRow step) => FailOrInterrupt(ledger, step, _blocked);

    /// <summary>An error is told as one that left no effect only where no earlier attempt may have had one; else the user is asked.</summary>
    private static RunDecision<MoveOutcome> FailOrInterrupt(RunLedger ledger, StepRow step, StepError error) =>
        error.Retryable && step.Interruption is not null ? DriverMoves.Interrupt(ledger, step) : DriverMoves.Fail(ledger, step, error);

    /// <summary>Nothing is assumed about a call that may have taken effect; the same goes for one cut off by this node's end.</summary>
    private Task<Flow> ResolveAsync() => MustStop ? GiveBackAsync(Current) : ResolveAsync(null);

    /// <param name="ended">How this node's call has ended; null where another's is taken over, or one's own looked at again.</param>
    private async Task<Flow> ResolveAsync(Interruption? ended)
    {
        var step = Current with { Interruption = ended ?? Current.Interruption ?? Interruption.NodeDied };
        switch (await DecideAsync(step.Definition))
        {
            case UnknownVerdict.Repeat when step.Attempts < parts.Options.UnknownAttempts:
                if (ended is not null)
                    return await RepeatLaterAsync(step);
                _unknown = step.Interruption;
                return Flow.Prepare;
            case UnknownVerdict.Repeat or UnknownVerdict.Ask:
                return await InterruptAsync(step);
            case UnknownVerdict.Later later:
                return await BlockAsync(step, later.RetryAfter, later.Reason, DriverMoves.Interrupt);
            case UnknownVerdict.NeedsReauth { Seen: var seen }:
                return await ParkAsync(step, seen, Flow.Resolve);
            default:
                throw new UnreachableException();
        }
    }

    private async Task<UnknownVerdict> DecideAsync(StepDefinition step)
    {
        try
        {
            return await parts.Unknown.DecideAsync(_run.User, step, Probe, CancellationToken.None);
        }
        catch (StoreUnavailableException)
        {
            return new UnknownVerdict.Later(_databasePause, BlockedReason.DatabaseUnavailable);
        }
    }

    private Task<Flow> RepeatLaterAsync(StepRow step)
    {
        var delay = TimeSpan.FromSeconds(Math.Pow(2, Math.Min(step.Attempts - 1, 6))) * (0.5 + (parts.Random.NextDouble() / 2));
        return MoveAsync(ledger => DriverMoves.Postpone(ledger, step with { Status = StepStatus.Pending }, delay), "repeated");
    }

    private async Task<Flow> InterruptAsync(StepRow step)
    {
        var outcome = await WriteAsync(ledger => DriverMoves.Interrupt(ledger, step));
        return Parked(outcome, AwaitingReason.Interrupted);
    }

    private async Task<Flow> ParkAsync(StepRow step, CredentialSight seen, Flow otherwise)
    {
        var credential = Credential;
        var outcome = await WriteAsync(
            ledger => DriverMoves.Park(ledger, step, credential, seen.Cause), new CredentialSeen(credential, seen));
        if (outcome == MoveOutcome.NotAsSeen)
        {
            return ++_lostParks < MaxLostParks
                ? otherwise
                : await BlockAsync(Current, TimeSpan.Zero, BlockedReason.CredentialBusy, otherwise == Flow.Resolve ? DriverMoves.Interrupt : GiveUpBlocked);
        }

        return Parked(outcome, AwaitingReason.NeedsOAuthReauth);
    }

    private Flow Parked(MoveOutcome outcome, AwaitingReason reason)
    {
        if (outcome == MoveOutcome.Ended)
        {
            parts.Metrics.Parked(reason);
            Log.Parked(logger, _claim.Run, _position, reason);
        }

        return End(outcome, "parked");
    }

    private Task<Flow> BlockAsync(
        StepRow step, TimeSpan atLeast, BlockedReason reason, Func<RunLedger, StepRow, RunDecision<MoveOutcome>> giveUp)
    {
        var blocking = new Blocking(atLeast, parts.Options.BlockedLimit, reason);
        var jitter = parts.Random.NextDouble();
        return MoveAsync(ledger => DriverMoves.Block(ledger, step, blocking, jitter, giveUp), "blocked");
    }

    private Task<Flow> GiveBackAsync(StepRow step) => MoveAsync(ledger => DriverMoves.GiveBack(ledger, step), "given_back");

    private async Task<Flow> FailAsync(StepRow step, StepError error)
    {
        if (error.Retryable && step.Interruption is not null)
            return await InterruptAsync(step);
        Log.Failed(logger, _claim.Run, _position, error.Code);
        return await MoveAsync(ledger => DriverMoves.Fail(ledger, step, error), "failed");
    }

    /// <summary>A move that lets go of the run.</summary>
    private async Task<Flow> MoveAsync(Func<RunLedger, RunDecision<MoveOutcome>> move, string how) =>
        End(await WriteAsync(move), how);

    private async Task<MoveOutcome> WriteAsync(Func<RunLedger, RunDecision<MoveOutcome>> move, CredentialSeen? park = null)
    {
        var known = _row is null ? null : new KnownRun(_row, Current);
        _row = null;
        (var outcome, _row, var journal) = await parts.Writer.MoveAsync(_claim, move, known, park);

        // As it was committed, with its times. What is kept of a step is its journal; a result is in the store.
        foreach (var step in journal)
            _steps[step.Index] = step with { Result = null };
        return outcome;
    }

    private Flow End(MoveOutcome outcome, string how)
    {
        if (outcome == MoveOutcome.Refused)
            Log.Refused(logger, _claim.Run);
        else
            parts.Metrics.Step(how);
        return Flow.Ended;
    }
}
