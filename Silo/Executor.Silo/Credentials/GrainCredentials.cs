using Executor.Credentials;
using Executor.Credentials.Owner;

namespace Executor.Silo.Credentials;

/// <summary>
/// Routes to owners through the cluster. A call that a dying or overloaded silo leaves unanswered is made again on an owner in this
/// process: two owners of one key are harmless, and what is routed may be repeated.
/// </summary>
internal sealed class GrainCredentials(IGrainFactory grains, CredentialDirectory local) : ICredentials, ICredentialRecoverer
{
    public ICredentialOwner For(CredentialKey key) => new Routed(key, Grain(key), local);

    public async Task RecoverAsync(CredentialKey key, CancellationToken cancellationToken)
    {
        var done = await Failover.CallAsync(
            () => Grain(key).RecoverAsync(cancellationToken),
            async () =>
            {
                await local.RecoverAsync(key, cancellationToken);
                return true;
            });
        if (!done)
            throw new StoreUnavailableException();
    }

    private ICredentialGrain Grain(CredentialKey key) => grains.GetGrain<ICredentialGrain>(key.User.Value, key.Server.Value, null);

    private sealed class Routed(CredentialKey key, ICredentialGrain grain, CredentialDirectory local) : ICredentialOwner
    {
        /// <summary>A silo that is slower has the database's notification, as all others have.</summary>
        private static readonly TimeSpan _telling = TimeSpan.FromSeconds(1);

        private CredentialOwner Local => local.Activate(key);

        // Not through the cluster: a deposit that a silo left unanswered, and somebody made again, could still arrive there and undo
        // a later one. The store puts them in order, and no refresh token travels between silos.
        public async Task<DepositOutcome> DepositAsync(Deposit deposit, CancellationToken cancellationToken)
        {
            var outcome = await Local.DepositAsync(deposit, cancellationToken);
            await TellAsync();
            return outcome;
        }

        public async Task DeleteAsync(CancellationToken cancellationToken)
        {
            await Local.DeleteAsync(cancellationToken);
            await TellAsync();
        }

        public async ValueTask<TokenOutcome> GetTokenAsync(CancellationToken cancellationToken) => await Failover.CallAsync(
            async () => (await grain.GetTokenAsync(cancellationToken)).ToOutcome(),
            async () => await Local.GetTokenAsync(cancellationToken));

        public async ValueTask<TokenOutcome> TokenRejectedAsync(Generation rejected, CancellationToken cancellationToken) =>
            await Failover.CallAsync(
                async () => (await grain.TokenRejectedAsync(rejected.Value, cancellationToken)).ToOutcome(),
                async () => await Local.TokenRejectedAsync(rejected, cancellationToken));

        /// <summary>Whoever deposits and then asks is answered from the deposit, at whichever silo.</summary>
        private Task<bool> TellAsync() => Failover.CallAsync(
            async () =>
            {
                await grain.ChangedAsync().AsTask().WaitAsync(_telling);
                return true;
            },
            () => Task.FromResult(false));
    }
}
