using System.Collections.Immutable;
using Executor.Credentials;
using Executor.Nodes;

namespace Executor.Simulation.Store;

internal sealed class ModelCredentialStore(ModelDatabase database, ModelSession session) : ICredentialStore
{
    public Task<CredentialSnapshot?> ReadAsync(CredentialKey key, CancellationToken cancellationToken) => Immediate.Run(
        () => database.Read(
            session,
            tables => tables.Credentials.TryGetValue(key, out var found) ? new CredentialSnapshot(found.Row, database.Now) : null),
        cancellationToken);

    public Task<T> ChangeAsync<T>(
        CredentialKey key,
        CredentialChangeOptions options,
        Func<CredentialLedger, CredentialDecision<T>> decide,
        CancellationToken cancellationToken) => Immediate.Run(() => Change(key, options, decide), cancellationToken);

    public Task<IReadOnlyList<CredentialKey>> FindUnresolvedAsync(
        CredentialKey? after, int limit, CancellationToken cancellationToken) => Immediate.Run<IReadOnlyList<CredentialKey>>(
            () => database.Read(
                session,
                tables =>
                {
                    var now = database.Now;
                    return tables.Credentials.Values
                        .Where(credential => IsUnresolved(credential.Row, now)
                            && (after is not { } last || KeyOrder.Instance.Compare(credential.Row.Key, last) > 0))
                        .Take(limit)
                        .Select(credential => credential.Row.Key)
                        .ToList();
                }),
            cancellationToken);

    public Task<IReadOnlyList<(CredentialKey Key, Guid Run)>> FindProbesAsync(int limit, CancellationToken cancellationToken) =>
        Immediate.Run<IReadOnlyList<(CredentialKey Key, Guid Run)>>(
            () => database.Read(session, tables => tables.Credentials.Values
                .Where(credential => IsPauseOver(credential.Row, database.Now))
                .OrderBy(credential => credential.Row.Refusal.Until)
                .Select(credential => (
                    credential.Row.Key,
                    Run: tables.Runs.Values
                        .Where(run => run.Row.AwaitedServer == credential.Row.Key.Server
                            && run.Row.User == credential.Row.Key.User
                            && run.Row.ParkCause == ParkCause.TokenRefused)
                        .MinBy(run => run.Row.Id.ToString(), StringComparer.Ordinal)))
                .Where(found => found.Run is not null)
                .Take(limit)
                .Select(found => (found.Key, found.Run!.Row.Id.Value))
                .ToList()),
            cancellationToken);

    private static bool IsPauseOver(CredentialRow row, DateTimeOffset now) =>
        row is { HoldsTokens: true, Refusal.IsActive: true } && row.Refusal.Until <= now && !(now < row.Refusal.ProbeDeadline);

    private static bool IsUnresolved(CredentialRow row, DateTimeOffset now) => row.State switch
    {
        CredentialState.Refreshing => true,
        CredentialState.Unresolved => row.RetryAt is null || row.RetryAt <= now,
        CredentialState.OperatorError => row.RetryAt <= now,
        _ => false,
    };

    private T Change<T>(CredentialKey key, CredentialChangeOptions options, Func<CredentialLedger, CredentialDecision<T>> decide)
    {
        var (changed, woken) = (false, false);
        var result = database.Write(new ModelWrite(session, "Change", key), transaction =>
        {
            var ledger = Read(transaction, key, options);
            var decision = decide(ledger);
            if (decision.Row is { } row)
            {
                Write(transaction, ledger, row, decision.Intents ?? [], decision.Forgotten ?? []);
                (changed, woken) = (true, ModelWaking.Wake(transaction, row, decision.Wakes, decision.WakesRun));
            }
            else
            {
                Leave(transaction, key, options, decision.Intents);
            }

            return decision.Result;
        });

        if (changed)
            session.Publish(new Change.Credential(key));
        if (woken)
            session.Publish(new Change.RunsReady());
        return result;
    }

    private static CredentialLedger Read(ModelTransaction transaction, CredentialKey key, CredentialChangeOptions options)
    {
        if (!transaction.Tables.Credentials.TryGetValue(key, out var stored) && options.CreatesRow)
        {
            stored = StoredCredential.Blank(key);
            transaction.Tables = transaction.Tables.With(stored);
        }

        var tables = transaction.Tables;
        return new CredentialLedger(
            stored?.Row,
            stored is null or { Intents.Count: 0 } ? [] : [.. stored.Intents.Select(intent => WithOwner(intent, tables))],
            transaction.Now,
            options.DrawsGeneration ? new Generation(transaction.DrawGeneration()) : Generation.None,
            options.Opener is { } opener && tables.IsGone(opener.Incarnation),
            options.CountsLive
                ? tables.Credentials.Count(entry => entry.Key.User == key.User && entry.Value.Row.State != CredentialState.Absent)
                : 0);
    }

    private static RefreshIntent WithOwner(RefreshIntent intent, ModelTables tables)
    {
        var isGone = tables.IsGone(intent.Owner.Incarnation);
        return intent.OwnerGone == isGone ? intent : intent with { OwnerGone = isGone };
    }

    private static void Write(
        ModelTransaction transaction,
        CredentialLedger ledger,
        CredentialRow row,
        IReadOnlyList<RefreshIntent> intents,
        IReadOnlyList<IntentId> forgotten)
    {
        if (ledger.Row is not { } current || row.Key != current.Key)
            throw new InvalidOperationException("A decision may write only the row that it was shown.");
        var kept = row.Generation == current.Generation ? transaction.Tables.Credentials[row.Key].Intents : [];
        if (forgotten.Count > 0)
            kept = kept.RemoveAll(intent => forgotten.Contains(intent.Id));

        // Intents of an earlier generation are closed with it; they are not written again.
        foreach (var intent in intents.Where(intent => intent.Generation == row.Generation))
            kept = ModelIntents.Upsert(kept, intent);
        transaction.Tables = transaction.Tables.With(new StoredCredential(StoredCredential.Kept(row, current.Version + 1), kept));
    }

    private static void Leave(
        ModelTransaction transaction, CredentialKey key, CredentialChangeOptions options, IReadOnlyList<RefreshIntent>? intents)
    {
        if (intents is { Count: > 0 })
            throw new InvalidOperationException("Intents are written with their row, never without it.");

        // A row that nothing was ever deposited in says no more than its absence: it does not pile up.
        if (options.CreatesRow && transaction.Tables.Credentials[key].IsBlank)
            transaction.Tables = transaction.Tables with { Credentials = transaction.Tables.Credentials.Remove(key) };
    }
}
