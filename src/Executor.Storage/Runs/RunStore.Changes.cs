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
        var (result, written) = await database.WriteAsync(
            async session =>
            {
                var ledger = await ReadLedgerAsync(session, id, park);
                var decision = decide(ledger);
                await WriteAsync(session, ledger, decision, creates: park is not null);
                return (decision.Result, decision.Run);
            },
            cancellationToken);

        if (written is not null)
        {
            changes.Publish(new Change.Run(id, written.User));
            if (written.Status == RunStatus.Pending)
                changes.Publish(new Change.RunsReady());
        }

        return result;
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
                asSeen = credential.Generation == seen.Generation.Value
                    && CredentialWords.State.Parse(credential.State) == seen.State;
            }

            var run = (await grid.ReadSingleOrDefaultAsync<RunData>())?.ToRow();
            var current = (await grid.ReadSingleOrDefaultAsync<StepData>())?.ToRow();
            var now = UnixTime.From(await grid.ReadSingleAsync<long>());
            return new RunLedger(run, current, now, asSeen);
        });
    }

    private async Task WriteAsync<T>(WriteSession session, RunLedger ledger, RunDecision<T> decision, bool creates)
    {
        var steps = decision.Steps ?? [];
        if (decision.Run is not { } run)
        {
            if (steps.Count > 0)
                throw new InvalidOperationException("Journal entries are written with their run, never without it.");
            if (!creates)
                await session.RollBackAsync();
            return;
        }

        if (ledger.Run is not { } current || run.Id != current.Id)
            throw new InvalidOperationException("A decision may write only the run that it was shown.");
        if (run.Fence < current.Fence)
            throw new InvalidOperationException("A decision may not lower the fence.");

        var arguments = new SqlArguments(RunData.From(run)).With("Expected", current.Version);
        for (var n = 0; n < steps.Count; n++)
            StepData.AddTo(arguments, steps[n], n);
        await session.CommitAsync(_sql.UpdateWith(steps.Count), arguments);
    }
}
