using Executor.Credentials;
using Executor.Simulation.Worlds;

namespace Executor.Simulation.Mutants;

/// <summary>What 401s have cost is forgotten: each of them is answered with a redemption.</summary>
internal sealed class BoundlessRenewal : Mutation
{
    public override ICredentialStore CredentialsBelow(ICredentialStore store, World world) => new Store(store);

    private sealed class Store(ICredentialStore store) : LyingStore(store)
    {
        protected override CredentialLedger Shown(CredentialLedger ledger, CredentialChangeOptions options) =>
            options.Opener is not null && ledger.Row is { } row && !row.Refusal.IsActive
                ? ledger with { Row = row with { Refusal = row.Refusal with { Redemptions = 0 } } }
                : ledger;
    }
}

/// <summary>A refusal that is written down keeps nobody from redeeming.</summary>
internal sealed class UnheededRefusal : Mutation
{
    public override ICredentialStore CredentialsBelow(ICredentialStore store, World world) => new Store(store);

    public override ICredentialStore Credentials(ICredentialStore store, World world, Cluster.SimulatedNode node) => new Blind(store);

    private sealed class Store(ICredentialStore store) : LyingStore(store)
    {
        protected override CredentialLedger Shown(CredentialLedger ledger, CredentialChangeOptions options) =>
            options.Opener is not null && ledger.Row is { } row ? ledger with { Row = Unrefused(row) } : ledger;

        protected override CredentialDecision<T> Told<T>(CredentialLedger ledger, CredentialDecision<T> decision, CredentialChangeOptions options) =>
            options.Opener is not null && decision.Row is { } row && ledger.Row is { } was
                ? decision with { Row = row with { Refusal = was.Refusal } }
                : decision;
    }

    private sealed class Blind(ICredentialStore store) : LyingStore(store)
    {
        public override async Task<CredentialSnapshot?> ReadAsync(CredentialKey key, CancellationToken cancellationToken) =>
            await base.ReadAsync(key, cancellationToken) is { } read ? read with { Row = Unrefused(read.Row) } : null;
    }

    private static CredentialRow Unrefused(CredentialRow row) => row with { Refusal = row.Refusal with { Since = null } };
}

/// <summary>A refresh wakes whatever waits for the credential, what waits for a token to be accepted too.</summary>
internal sealed class RefreshWakesAll : Mutation
{
    public override ICredentialStore CredentialsBelow(ICredentialStore store, World world) => new Store(store);

    private sealed class Store(ICredentialStore store) : LyingStore(store)
    {
        protected override CredentialDecision<T> Told<T>(CredentialLedger ledger, CredentialDecision<T> decision, CredentialChangeOptions options) =>
            decision.Row?.State == CredentialState.Ready ? decision with { Wakes = ParkCause.TokenRefused } : decision;
    }
}

/// <summary>Nobody is given a refused token to try.</summary>
internal sealed class NobodyTries : Mutation
{
    public override ICredentialStore CredentialsBelow(ICredentialStore store, World world) => new Store(store);

    private sealed class Store(ICredentialStore store) : LyingStore(store)
    {
        public override Task<IReadOnlyList<(CredentialKey Key, Guid Run)>> FindProbesAsync(int limit, CancellationToken cancellationToken) =>
            Task.FromResult<IReadOnlyList<(CredentialKey Key, Guid Run)>>([]);
    }
}

/// <summary>Pauses do not grow.</summary>
internal sealed class ShortPauses : Mutation
{
    public override ICredentialStore CredentialsBelow(ICredentialStore store, World world) => new Store(store);

    private sealed class Store(ICredentialStore store) : LyingStore(store)
    {
        protected override CredentialLedger Shown(CredentialLedger ledger, CredentialChangeOptions options) =>
            ledger.Row is { } row ? ledger with { Row = row with { Refusal = row.Refusal with { Pauses = 0 } } } : ledger;
    }
}

/// <summary>The first refusal of a refresh token is taken for its confirmation.</summary>
internal sealed class UnconfirmedRefusal : Mutation
{
    public override ICredentialStore CredentialsBelow(ICredentialStore store, World world) => new Store(store);

    private sealed class Store(ICredentialStore store) : LyingStore(store)
    {
        protected override CredentialLedger Shown(CredentialLedger ledger, CredentialChangeOptions options) =>
            options.Opener is null && ledger.Row is { ConfirmingSince: null, KeptRefreshToken: null } row
                ? ledger with { Row = row with { ConfirmingSince = DateTimeOffset.UnixEpoch } }
                : ledger;

        protected override CredentialDecision<T> Told<T>(CredentialLedger ledger, CredentialDecision<T> decision, CredentialChangeOptions options) =>
            decision.Row is { ConfirmingSince: { } since } row && since == DateTimeOffset.UnixEpoch
                ? decision with { Row = row with { ConfirmingSince = null } }
                : decision;
    }
}

/// <summary>A refusal leaves no trace when it ends: a token that was turned down before, and accepted since, stays turned down.</summary>
internal sealed class UnnumberedRefusals : Mutation
{
    public override ICredentialStore CredentialsBelow(ICredentialStore store, World world) => new Store(store);

    private sealed class Store(ICredentialStore store) : LyingStore(store)
    {
        protected override CredentialDecision<T> Told<T>(CredentialLedger ledger, CredentialDecision<T> decision, CredentialChangeOptions options) =>
            decision.Row is { } row ? decision with { Row = row with { Refusal = row.Refusal with { Episode = 0 } } } : decision;
    }
}
