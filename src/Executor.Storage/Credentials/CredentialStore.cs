using Executor.Credentials;
using Executor.Identity;
using Executor.Nodes;
using Executor.Storage.Databases;

namespace Executor.Storage.Credentials;

internal sealed class CredentialStore(Database database, IChangeFeed changes, CredentialNews news) : ICredentialStore
{
    private readonly CredentialSql _sql = new(database.Dialect);

    public async Task<CredentialSnapshot?> ReadAsync(CredentialKey key, CancellationToken cancellationToken)
    {
        var record = await database.ReadFirstAsync<CredentialRecord>(_sql.Read, ArgumentsOf(key), cancellationToken);
        return record is null ? null : new CredentialSnapshot(record.ToRow(), UnixTime.From(record.Now));
    }

    public async Task<T> ChangeAsync<T>(
        CredentialKey key,
        CredentialChangeOptions options,
        Func<CredentialLedger, CredentialDecision<T>> decide,
        CancellationToken cancellationToken)
    {
        (CredentialRow Before, CredentialRow After)? change = null;
        var written = await database.WriteAsync(
            async session =>
            {
                var ledger = await ReadLedgerAsync(session, key, options);
                var decision = decide(ledger);
                change = (ledger.Row, decision.Row) is ({ } before, { } after) ? (before, after) : null;
                return decision.Row is { } row
                    ? await WriteAsync(session, ledger, row, decision)
                    : await LeaveAsync(session, ledger, options, decision);
            },
            cancellationToken);

        if (written.Generation is { } generation)
            database.Committed(generation.Value);
        if (change is { } told)
            news.Changed(told.Before, told.After);
        if (written.Changed)
            changes.Publish(new Change.Credential(key));
        if (written.Woken)
            changes.Publish(new Change.RunsReady());
        return written.Result;
    }

    public async Task<IReadOnlyList<CredentialKey>> FindUnresolvedAsync(
        CredentialKey? after, int limit, CancellationToken cancellationToken)
    {
        var arguments = (after is { } key ? ArgumentsOf(key) : new SqlArguments()).With("Limit", limit);
        var found = await database.ReadListAsync<CredentialRecord>(
            _sql.FindUnresolved(after is not null), arguments, cancellationToken);
        return found
            .Select(record => new CredentialKey(UserId.From(record.UserId), McpServerId.From(record.McpServerId)))
            .ToList();
    }

    public async Task<IReadOnlyList<(CredentialKey Key, Guid Run)>> FindProbesAsync(int limit, CancellationToken cancellationToken)
    {
        var found = await database.ReadListAsync<ProbeDue>(
            _sql.FindProbes, new SqlArguments().With("Limit", limit), cancellationToken);
        return found
            .Select(due => (
                new CredentialKey(UserId.From(due.UserId), McpServerId.From(due.McpServerId)), Guid.ParseExact(due.Run, "D")))
            .ToList();
    }

    public static SqlArguments ArgumentsOf(CredentialKey key) =>
        new SqlArguments().With("UserId", key.User.Value).With("McpServerId", key.Server.Value);

    private Task<CredentialLedger> ReadLedgerAsync(WriteSession session, CredentialKey key, CredentialChangeOptions options)
    {
        var gated = options.Opener is not null && database.Dialect.EnterOpenerGate is not null;
        var sql = _sql.Ledger(gated, options.CreatesRow, options.DrawsGeneration, options.CountsLive);
        var arguments = ArgumentsOf(key).With("Opener", options.Opener?.Incarnation);
        return session.QueryAsync(sql, arguments, async grid =>
        {
            if (gated)
                await grid.ReadSingleAsync<int>();
            var row = (await grid.ReadSingleOrDefaultAsync<CredentialRecord>())?.ToRow();
            var intents = (await grid.ReadAsync<IntentRecord>()).Select(record => record.ToIntent()).ToList();
            var drawn = options.DrawsGeneration ? new Generation(await grid.ReadSingleAsync<long>()) : Generation.None;
            var circumstances = await grid.ReadSingleAsync<Circumstances>();
            return new CredentialLedger(
                row,
                intents,
                UnixTime.From(circumstances.Now),
                drawn,
                options.Opener is not null && circumstances.OpenerGone != 0,
                circumstances.LiveOfUser);
        });
    }

    private async Task<Written<T>> WriteAsync<T>(
        WriteSession session, CredentialLedger ledger, CredentialRow row, CredentialDecision<T> decision)
    {
        if (ledger.Row is not { } current || row.Key != current.Key)
            throw new InvalidOperationException("A decision may write only the row that it was shown.");

        // Intents of an earlier generation are closed with it; they are not written again.
        var intents = (decision.Intents ?? []).Where(intent => intent.Generation == row.Generation).ToList();
        var arguments = CredentialRecord.From(row).ToArguments().With("Expected", current.Version);
        for (var n = 0; n < intents.Count; n++)
            IntentRecord.AddTo(arguments, intents[n], n);

        var sql = _sql.Update
            + (row.Generation != current.Generation ? _sql.CloseOtherGenerations : "")
            + CredentialSql.ForgetIntents(arguments, decision.Forgotten ?? [])
            + CredentialSql.UpsertIntents(intents.Count);
        var wakes = Wakes(row, decision);
        if (wakes.Count == 0)
        {
            await session.CommitAsync(sql, arguments);
            return new Written<T>(decision.Result, Changed: true, Woken: false) { Generation = row.Generation };
        }

        if (decision.WakesRun is { } prober)
            arguments.With("Woken", prober.ToString("D"));
        var woken = await session.CommitAsync(sql + string.Concat(wakes), arguments, async grid =>
        {
            var ids = 0;
            for (var n = 0; n < wakes.Count; n++)
                ids += (await grid.ReadAsync<string>()).Count();
            return ids;
        });
        return new Written<T>(decision.Result, Changed: true, Woken: woken > 0) { Generation = row.Generation };
    }

    private List<string> Wakes<T>(CredentialRow row, CredentialDecision<T> decision)
    {
        var statements = new List<string>(3);
        var causes = decision.Wakes;
        if (row.State == CredentialState.Ready)
            causes |= ParkCause.Unusable | (row.Refusal.IsActive ? ParkCause.None : ParkCause.TokenRefused); // nobody waits for what is over
        if (causes != ParkCause.None)
            statements.Add(_sql.Wake(causes));
        if (decision.WakesRun is not null)
            statements.Add(_sql.WakeProber);
        if (row.EndsWaits)
            statements.Add(_sql.Hasten);
        return statements;
    }

    private async Task<Written<T>> LeaveAsync<T>(
        WriteSession session, CredentialLedger ledger, CredentialChangeOptions options, CredentialDecision<T> decision)
    {
        if (decision.Intents is { Count: > 0 })
            throw new InvalidOperationException("Intents are written with their row, never without it.");

        // A drawn generation stays drawn. A row that nothing was ever deposited in says no more than its absence: it does not pile up.
        if (options.CreatesRow && ledger.Row is { State: CredentialState.Absent } row && row.Generation == Generation.None)
            await session.CommitAsync(_sql.RemoveBlank, ArgumentsOf(row.Key));
        else if (!options.DrawsGeneration)
            await session.RollBackAsync();
        return new Written<T>(decision.Result, Changed: false, Woken: false);
    }

    private readonly record struct Written<T>(T Result, bool Changed, bool Woken)
    {
        public Generation? Generation { get; init; }
    }

    private sealed class ProbeDue
    {
        public long UserId { get; init; }

        public string McpServerId { get; init; } = "";

        public string Run { get; init; } = "";
    }

    private sealed class Circumstances
    {
        public long Now { get; init; }

        public int OpenerGone { get; init; }

        public int LiveOfUser { get; init; }
    }
}
