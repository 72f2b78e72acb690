using Executor.Credentials;
using Executor.Credentials.Owner;

namespace Executor.Silo.Credentials;

/// <summary>
/// Routes to owners through the cluster. A call that a dying or overloaded silo leaves unanswered is made again on an owner in this
/// process: two owners of one key are harmless, and every operation may be repeated.
/// </summary>
internal sealed class GrainCredentials(IGrainFactory grains, CredentialDirectory local) : ICredentials, ICredentialRecoverer
{
    public ICredentialOwner For(CredentialKey key) => new Routed(key, Grain(key), local);

    public Task RecoverAsync(CredentialKey key, CancellationToken cancellationToken) => DoAsync(
        () => Grain(key).RecoverAsync(cancellationToken), () => local.RecoverAsync(key, cancellationToken));

    /// <param name="call">Says false where the database is not available.</param>
    /// <param name="instead">The same, without the cluster.</param>
    private static async Task DoAsync(Func<Task<bool>> call, Func<Task> instead)
    {
        var done = await Failover.CallAsync(
            call,
            async () =>
            {
                await instead();
                return true;
            });
        if (!done)
            throw new StoreUnavailableException();
    }

    private ICredentialGrain Grain(CredentialKey key) => grains.GetGrain<ICredentialGrain>(key.User.Value, key.Server.Value, null);

    private sealed class Routed(CredentialKey key, ICredentialGrain grain, CredentialDirectory local) : ICredentialOwner
    {
        private CredentialOwner Local => local.Activate(key);

        public Task<DepositOutcome> DepositAsync(Deposit deposit, CancellationToken cancellationToken) => Failover.CallAsync(
            async () => (await grain.DepositAsync(DepositRequest.From(deposit), cancellationToken)).ToOutcome(),
            () => Local.DepositAsync(deposit, cancellationToken));

        public Task DeleteAsync(CancellationToken cancellationToken) => DoAsync(
            () => grain.DeleteAsync(cancellationToken), () => Local.DeleteAsync(cancellationToken));

        public async ValueTask<TokenOutcome> GetTokenAsync(CancellationToken cancellationToken) => await Failover.CallAsync(
            async () => (await grain.GetTokenAsync(cancellationToken)).ToOutcome(),
            async () => await Local.GetTokenAsync(cancellationToken));

        public async ValueTask<TokenOutcome> TokenRejectedAsync(Generation rejected, CancellationToken cancellationToken) =>
            await Failover.CallAsync(
                async () => (await grain.TokenRejectedAsync(rejected.Value, cancellationToken)).ToOutcome(),
                async () => await Local.TokenRejectedAsync(rejected, cancellationToken));
    }
}
