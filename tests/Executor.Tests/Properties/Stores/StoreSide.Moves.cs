using Executor.Credentials;
using Executor.Runs;
using Executor.Runs.Transitions;

namespace Executor.Tests.Properties.Stores;

internal sealed partial class StoreSide
{
    private static readonly StepError Error = new("code", "NUL \0 and half \ud800 a pair", Retryable: true);

    /// <summary>What the node that holds a run does with it; or a zombie, whose claim is over.</summary>
    private async Task<string> MoveAsync(StoreStep step)
    {
        if (_claims.Count == 0)
            return "";
        var (claim, steps) = _claims[_claims.Count - 1 - (step.A % Math.Min(3, _claims.Count))];
        var row = await Host(step.C).Runs.FindAsync(claim.Run, default);
        if (row is null || row.Position >= steps.Count)
            return "over";
        var current = steps[row.Position];
        var next = row.Position + 1 < steps.Count ? steps[row.Position + 1] : null;
        var park = await SeenAsync(row.User, current.Definition.Server, step.C);
        var parks = step.B % 12 is 5 or 6;
        var known = parks ? null : await KnownAsync(step, claim);
        return _text.Of(known is null
            ? await Host(step.C).Runs.ChangeAsync(claim.Run, parks ? park : null, Move, default)
            : await Host(step.C).Runs.ChangeAsync(known, Move, default));

        RunDecision<MoveOutcome> Move(RunLedger ledger) =>
            claim.Holds(ledger.Run) ? Decide(ledger, step, current, next, park.Key) : Zombie(ledger, step);
    }

    /// <summary>What the claim's holder knows of its run: nothing, how it is, or how it was some moves ago.</summary>
    private async Task<KnownRun?> KnownAsync(StoreStep step, RunClaim claim)
    {
        if (step.C % 3 == 0)
            return null;
        if (step.C % 3 == 1 && await Host(step.C).Runs.ReadAsync(claim.Run, default) is { } record && claim.Holds(record.Run))
            _known[claim] = new KnownRun(record.Run, record.Steps[record.Run.Position] with { Result = null });
        return _known.GetValueOrDefault(claim);
    }

    private static RunDecision<MoveOutcome> Decide(RunLedger ledger, StoreStep step, StepRow current, StepRow? next, CredentialKey key)
    {
        var executing = current with { Status = StepStatus.Executing, Attempts = current.Attempts + 1 };
        var done = executing with { Status = StepStatus.Succeeded, Result = $$"""{"of":{{current.Index}}}""" };
        return (step.B % 12) switch
        {
            0 => DriverMoves.Begin(ledger, executing),
            1 when next is not null => DriverMoves.Complete(
                ledger, done, next.Definition, new AfterStep.Begin(next with { Status = StepStatus.Executing, Attempts = 1 })),
            1 or 2 => DriverMoves.Complete(ledger, done, next?.Definition, new AfterStep.Keep()),
            3 => DriverMoves.Complete(ledger, done, next?.Definition, new AfterStep.Queue()),
            4 => DriverMoves.Fail(ledger, executing, Error),
            5 or 6 => DriverMoves.Park(ledger, current, key, step.C % 2 == 0 ? ParkCause.Unusable : ParkCause.TokenRefused),
            7 => DriverMoves.Interrupt(ledger, executing),
            8 => DriverMoves.GiveBack(ledger, current),
            9 => DriverMoves.Postpone(ledger, current, TimeSpan.FromSeconds(step.C % 20)),
            10 => DriverMoves.Block(
                ledger,
                current,
                new Blocking(TimeSpan.FromSeconds(2), TimeSpan.FromMinutes(5), BlockedReason.NoAnswer),
                0.25,
                (late, row) => DriverMoves.Fail(late, row, Error)),
            _ => DriverMoves.Cancel(ledger),
        };
    }

    /// <summary>Refused, as a careful node is; a careless one is stopped by the store.</summary>
    private static RunDecision<MoveOutcome> Zombie(RunLedger ledger, StoreStep step) => ledger.Run is { } run && step.C % 4 == 0
        ? new(MoveOutcome.Applied, run with { Fence = run.Fence - 1 })
        : new(MoveOutcome.Refused);

    private async Task<CredentialSeen> SeenAsync(Executor.Identity.UserId user, Executor.Identity.McpServerId server, int number)
    {
        var key = new CredentialKey(user, server);
        var row = (await Host(number).Credentials.ReadAsync(key, default))?.Row;
        return new CredentialSeen(
            key,
            new CredentialSight(
                number % 5 == 0 ? new Generation(1) : row?.Generation ?? Generation.None,
                row?.State ?? CredentialState.Absent,
                row?.Refusal.Episode ?? 0));
    }
}
