using Executor.Credentials;
using Executor.Simulation.Worlds;

namespace Executor.Simulation.Mutants;

/// <summary>A credential store that lies to decisions, or about them.</summary>
internal abstract class LyingStore(ICredentialStore store) : ICredentialStore
{
    public virtual Task<CredentialSnapshot?> ReadAsync(CredentialKey key, CancellationToken cancellationToken) => store.ReadAsync(key, cancellationToken);

    public Task<T> ChangeAsync<T>(
        CredentialKey key,
        CredentialChangeOptions options,
        Func<CredentialLedger, CredentialDecision<T>> decide,
        CancellationToken cancellationToken) =>
        store.ChangeAsync(key, options, ledger => Told(ledger, decide(Shown(ledger, options)), options), cancellationToken);

    public virtual Task<IReadOnlyList<CredentialKey>> FindUnresolvedAsync(
        CredentialKey? after, int limit, CancellationToken cancellationToken) =>
        store.FindUnresolvedAsync(after, limit, cancellationToken);

    public virtual Task<IReadOnlyList<(CredentialKey Key, Guid Run)>> FindProbesAsync(int limit, CancellationToken cancellationToken) =>
        store.FindProbesAsync(limit, cancellationToken);

    protected static IReadOnlyList<RefreshIntent> Settled(IReadOnlyList<RefreshIntent> intents) =>
        [.. intents.Select(intent => intent with { Settlement = IntentSettlement.NotSpent })];

    protected virtual CredentialLedger Shown(CredentialLedger ledger, CredentialChangeOptions options) => ledger;

    protected virtual CredentialDecision<T> Told<T>(CredentialLedger ledger, CredentialDecision<T> decision, CredentialChangeOptions options) => decision;
}

/// <summary>A result is decided on the row as it was when its intent was opened.</summary>
internal sealed class StaleResult : Mutation
{
    public override ICredentialStore CredentialsBelow(ICredentialStore store, World world) => new Store(store);

    private sealed class Store(ICredentialStore store) : LyingStore(store)
    {
        private readonly Dictionary<CredentialKey, (CredentialRow Row, IReadOnlyList<RefreshIntent> Intents)> _opened = [];

        protected override CredentialLedger Shown(CredentialLedger ledger, CredentialChangeOptions options) =>
            options is { DrawsGeneration: true, CreatesRow: false }
            && ledger.Row is { } row
            && _opened.TryGetValue(row.Key, out var stale)
                ? ledger with { Row = stale.Row with { Version = row.Version }, Intents = stale.Intents }
                : ledger;

        protected override CredentialDecision<T> Told<T>(CredentialLedger ledger, CredentialDecision<T> decision, CredentialChangeOptions options)
        {
            if (options.Opener is not null && decision is { Row: { } row, Intents: { } intents })
                _opened[row.Key] = (row, intents);
            return decision;
        }
    }
}

/// <summary>Whoever wants to open an intent is not shown the one that is open.</summary>
internal sealed class SecondIntent : Mutation
{
    public override ICredentialStore CredentialsBelow(ICredentialStore store, World world) => new Store(store);

    private sealed class Store(ICredentialStore store) : LyingStore(store)
    {
        protected override CredentialLedger Shown(CredentialLedger ledger, CredentialChangeOptions options) =>
            options.Opener is not null && ledger.Row is { State: CredentialState.Refreshing } row
                ? ledger with { Row = row with { State = CredentialState.Ready }, Intents = Settled(ledger.Intents) }
                : ledger;
    }
}

/// <summary>What is in doubt is asked about an hour later, whatever its provider tolerates for how long.</summary>
internal sealed class LazyRetry : Mutation
{
    public override ICredentialStore CredentialsBelow(ICredentialStore store, World world) => new Store(store);

    private sealed class Store(ICredentialStore store) : LyingStore(store)
    {
        protected override CredentialDecision<T> Told<T>(CredentialLedger ledger, CredentialDecision<T> decision, CredentialChangeOptions options) =>
            decision.Row is { State: CredentialState.Unresolved, ConfirmingSince: null } row
                ? decision with { Row = row with { RetryAt = ledger.Now + TimeSpan.FromHours(1) } }
                : decision;
    }
}

/// <summary>The intents of whoever is gone are taken for unsent.</summary>
internal sealed class ForgottenIntents : Mutation
{
    public override ICredentialStore CredentialsBelow(ICredentialStore store, World world) => new Store(store);

    private sealed class Store(ICredentialStore store) : LyingStore(store)
    {
        protected override CredentialLedger Shown(CredentialLedger ledger, CredentialChangeOptions options) =>
            options.Opener is not null && ledger is { Row: { } row, Intents: [.., { OwnerGone: true }] }
                ? ledger with { Row = row with { State = CredentialState.Ready }, Intents = Settled(ledger.Intents) }
                : ledger;
    }
}

/// <summary>A commit is acknowledged, and lost: what durable means to a database that is told to be fast.</summary>
internal sealed class LostCommits : Mutation
{
    public override ICredentialStore CredentialsBelow(ICredentialStore store, World world) => new Store(store, world);

    private sealed class Store(ICredentialStore store, World world) : LyingStore(store)
    {
        protected override CredentialDecision<T> Told<T>(CredentialLedger ledger, CredentialDecision<T> decision, CredentialChangeOptions options) =>
            decision.Row is not null && options.Opener is null && world.LinkDice.OneIn(6) ? new(decision.Result) : decision;
    }
}

/// <summary>Numbers are drawn that were drawn before.</summary>
internal sealed class ReusedGenerations : Mutation
{
    public override ICredentialStore CredentialsBelow(ICredentialStore store, World world) => new Store(store);

    private sealed class Store(ICredentialStore store) : LyingStore(store)
    {
        protected override CredentialLedger Shown(CredentialLedger ledger, CredentialChangeOptions options) =>
            options.DrawsGeneration ? ledger with { NextGeneration = new Generation(1 + (ledger.NextGeneration.Value % 5)) } : ledger;
    }
}

/// <summary>A deletion leaves the generation as it is, so that what is in flight brings the credential back.</summary>
internal sealed class UndoneDeletion : Mutation
{
    public override ICredentialStore CredentialsBelow(ICredentialStore store, World world) => new Store(store);

    private sealed class Store(ICredentialStore store) : LyingStore(store)
    {
        protected override CredentialDecision<T> Told<T>(CredentialLedger ledger, CredentialDecision<T> decision, CredentialChangeOptions options) =>
            decision.Row is { State: CredentialState.Absent } blank && ledger.Row is { } row
                ? decision with { Row = blank with { Generation = row.Generation } }
                : decision;
    }
}

/// <summary>A repeated deposit is taken for a new one.</summary>
internal sealed class ForgottenLineage : Mutation
{
    public override ICredentialStore CredentialsBelow(ICredentialStore store, World world) => new Store(store);

    private sealed class Store(ICredentialStore store) : LyingStore(store)
    {
        protected override CredentialLedger Shown(CredentialLedger ledger, CredentialChangeOptions options) =>
            options.CreatesRow && ledger.Row is { } row ? ledger with { Row = row with { Lineage = null } } : ledger;
    }
}

/// <summary>An incarnation that was written down as gone may open intents, and nobody's lock is asked about.</summary>
internal sealed class GoneAndBack : Mutation
{
    public override ICredentialStore CredentialsBelow(ICredentialStore store, World world) => new Store(store);

    public override Executor.Nodes.INodeRegistry Registry(Executor.Nodes.INodeRegistry registry, World world, Cluster.SimulatedNode node) =>
        new NodeMutants.AlwaysHolds(registry);

    private sealed class Store(ICredentialStore store) : LyingStore(store)
    {
        protected override CredentialLedger Shown(CredentialLedger ledger, CredentialChangeOptions options) => ledger with { OpenerGone = false };
    }
}
