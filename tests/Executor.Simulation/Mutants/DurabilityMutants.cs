using Executor.Credentials;
using Executor.Simulation.Worlds;

namespace Executor.Simulation.Mutants;

/// <summary>A store whose readers see what its decisions said, written or not.</summary>
internal abstract class ForesightedStore(ICredentialStore store) : LyingStore(store)
{
    private readonly Dictionary<CredentialKey, CredentialRow> _decided = [];

    public override async Task<CredentialSnapshot?> ReadAsync(CredentialKey key, CancellationToken cancellationToken) =>
        await base.ReadAsync(key, cancellationToken) is { } snapshot
            ? _decided.TryGetValue(key, out var decided) && decided.Version > snapshot.Row.Version ? snapshot with { Row = decided } : snapshot
            : null;

    protected void Foresee(CredentialRow row) => _decided[row.Key] = row with { Version = row.Version + 1 };
}

/// <summary>The permit to send is handed out, and never written down.</summary>
internal sealed class UnwrittenIntent : Mutation
{
    public override ICredentialStore CredentialsBelow(ICredentialStore store, World world) => new Store(store);

    private sealed class Store(ICredentialStore store) : ForesightedStore(store)
    {
        protected override CredentialDecision<T> Told<T>(CredentialLedger ledger, CredentialDecision<T> decision, CredentialChangeOptions options)
        {
            if (options.Opener is null || decision.Row is not { } row)
                return decision;
            Foresee(row);
            return new(decision.Result);
        }
    }
}

/// <summary>Readers see what is decided, and many a commit of a result fails after that.</summary>
internal sealed class DirtyRead : Mutation
{
    public override ICredentialStore CredentialsBelow(ICredentialStore store, World world) => new Store(store, world);

    private sealed class Store(ICredentialStore store, World world) : ForesightedStore(store)
    {
        protected override CredentialDecision<T> Told<T>(CredentialLedger ledger, CredentialDecision<T> decision, CredentialChangeOptions options)
        {
            if (decision.Row is not { MintedBy: not null } row || row.Generation == ledger.Row!.Generation)
                return decision;
            Foresee(row);
            return world.LinkDice.OneIn(3) ? throw new StoreUnavailableException() : decision;
        }
    }
}

/// <summary>Nobody keeps the token that a contested generation was made from.</summary>
internal sealed class NothingKept : Mutation
{
    public override ICredentialStore CredentialsBelow(ICredentialStore store, World world) => new Store(store);

    private sealed class Store(ICredentialStore store) : LyingStore(store)
    {
        protected override CredentialDecision<T> Told<T>(CredentialLedger ledger, CredentialDecision<T> decision, CredentialChangeOptions options) =>
            decision.Row is { KeptRefreshToken: not null } row ? decision with { Row = row with { KeptRefreshToken = null } } : decision;
    }
}

/// <summary>A recovery finds nothing to recover.</summary>
internal sealed class NothingToRecover : Mutation
{
    public override ICredentialStore CredentialsBelow(ICredentialStore store, World world) => new Store(store);

    private sealed class Store(ICredentialStore store) : LyingStore(store)
    {
        public override Task<IReadOnlyList<CredentialKey>> FindUnresolvedAsync(CredentialKey? after, int limit, CancellationToken cancellationToken) =>
            Task.FromResult<IReadOnlyList<CredentialKey>>([]);
    }
}
