using Executor.Credentials;
using Executor.Nodes;
using Executor.Runs;
using Executor.Storage.Credentials;
using Executor.Storage.Databases;

namespace Executor.Storage.Runs;

internal sealed partial class RunStore
{
    public async Task<T> ChangeAsync<T>(
        RunId id, CredentialSeen? park, Func<RunLedger, RunDecision<T>> decide, CancellationToken cancellationToken)
    {
        var (result, before, written, steps) = await database.WriteAsync(
            async session =>
            {
                var ledger = await ReadLedgerAsync(session, id, park);
                var decision = decide(ledger);
                await WriteAsync(session, ledger, decision, creates: park is not null);
                return (decision.Result, ledger.Run, decision.Run, decision.Steps);
            },
            cancellationToken);

        if (written is not null)
            Announce(before!, written, steps);
        return result;
    }

    public async Task<T> ChangeAsync<T>(
        KnownRun known, Func<RunLedger, RunDecision<T>> decide, CancellationToken cancellationToken)
    {
        if (database.Now is { } now)
        {
            // The estimate may be behind; the row's own time has certainly been reached.
            var time = UnixTime.From(Math.Max(now, known.Run.UpdatedAt.ToUnixTimeMilliseconds()));
            var ledger = new RunLedger(known.Run, known.Current, time, StillAsSeen: true);
            var decision = decide(ledger);
            if (Written(ledger, decision) is { } run
                && await _moves.TryAsync(new RunMove(known.Run.Version, run, decision.Steps ?? []), cancellationToken))
            {
                Announce(known.Run, run, decision.Steps);
                return decision.Result;
            }
        }

        return await ChangeAsync(known.Run.Id, park: null, decide, cancellationToken);
    }

    private void Announce(RunRow before, RunRow written, IReadOnlyList<StepRow>? steps)
    {
        news.Changed(before, written, steps);
        changes.Publish(new Change.Run(written.Id, written.User));
        if (written.Status == RunStatus.Pending)
            changes.Publish(new Change.RunsReady());
    }

    private Task<RunLedger> ReadLedgerAsync(WriteSession session, RunId id, CredentialSeen? park)
    {
        // The credential first: a deposit locks in the same order.
        var arguments = (park is { } named ? CredentialStore.ArgumentsOf(named.Key) : new SqlArguments()).With("Id", id.ToString());
        var sql = park is null ? _sql.Ledger : _sql.LockSeen + _sql.Ledger;
        return session.QueryAsync(sql, arguments, async grid =>
        {
            var asSeen = true;
            if (park is { } seen)
            {
                var credential = await grid.ReadSingleAsync<CredentialRecord>();
                asSeen = seen.IsStill(
                    new Generation(credential.Generation), CredentialWords.State.Parse(credential.State), credential.RefusalEpisode);
            }

            var run = (await grid.ReadSingleOrDefaultAsync<RunData>())?.ToRow();
            var current = (await grid.ReadSingleOrDefaultAsync<StepData>())?.ToRow();
            var now = await grid.ReadSingleAsync<long>();
            database.Hear(now);
            return new RunLedger(run, current, UnixTime.From(now), asSeen);
        });
    }

    private async Task WriteAsync<T>(WriteSession session, RunLedger ledger, RunDecision<T> decision, bool creates)
    {
        if (Written(ledger, decision) is not { } run)
        {
            if (!creates)
                await session.RollBackAsync();
            return;
        }

        var move = new RunMove(ledger.Run!.Version, run, decision.Steps ?? []);
        await session.CommitAsync(_sql.UpdateWith(move.Steps.Count), move.ToArguments());
    }

    /// <summary>The row to write; null for none.</summary>
    private static RunRow? Written<T>(RunLedger ledger, RunDecision<T> decision)
    {
        if (decision.Run is not { } run)
        {
            return decision.Steps is null or { Count: 0 }
                ? null
                : throw new InvalidOperationException("Journal entries are written with their run, never without it.");
        }

        if (ledger.Run is not { } current || run.Id != current.Id)
            throw new InvalidOperationException("A decision may write only the run that it was shown.");
        return run.Fence >= current.Fence ? run : throw new InvalidOperationException("A decision may not lower the fence.");
    }
}
