using Executor.Credentials;
using Executor.Credentials.Owner;
using Orleans.Runtime;

namespace Executor.Silo.Credentials;

/// <summary>
/// Routes to owners through the cluster. What a dying, draining or cut-off silo does not answer, an owner in this process does: two
/// owners of one key are harmless, and what is routed may be repeated.
/// </summary>
internal sealed class GrainCredentials(IGrainFactory grains, CredentialDirectory local, Failover failover) : ICredentials, ICredentialRecoverer
{
    public ICredentialOwner For(CredentialKey key) => new Routed(key, Grain(key), local, failover);

    public async Task RecoverAsync(CredentialKey key, CancellationToken cancellationToken)
    {
        try
        {
            await Grain(key).RecoverAsync();
        }
        catch (Exception fault) when (fault is OrleansException or TimeoutException)
        {
            await local.RecoverAsync(key, cancellationToken);
        }
    }

    private ICredentialGrain Grain(CredentialKey key) => grains.GetGrain<ICredentialGrain>(key.User.Value, key.Server.Value, null);

    private sealed class Routed(CredentialKey key, ICredentialGrain grain, CredentialDirectory local, Failover failover) : ICredentialOwner
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

        public ValueTask<TokenOutcome> GetTokenAsync(CancellationToken cancellationToken) => AskAsync(
            () => grain.GetTokenAsync(cancellationToken), () => Local.GetTokenAsync(cancellationToken), cancellationToken);

        public ValueTask<TokenOutcome> TokenRejectedAsync(Rejection rejection, CancellationToken cancellationToken) => AskAsync(
            () => grain.TokenRejectedAsync(RejectionMessage.From(rejection), cancellationToken),
            () => Local.TokenRejectedAsync(rejection, cancellationToken),
            cancellationToken);

        public ValueTask<TokenOutcome> ProbeAsync(ProbeId probe, CancellationToken cancellationToken) => AskAsync(
            () => grain.ProbeAsync(probe.Value, cancellationToken),
            () => Local.ProbeAsync(probe, cancellationToken),
            cancellationToken);

        // A change in the store, as a deposit is.
        public async ValueTask TokenAcceptedAsync(Generation accepted, CancellationToken cancellationToken)
        {
            await Local.TokenAcceptedAsync(accepted, cancellationToken);
            await TellAsync();
        }

        private async ValueTask<TokenOutcome> AskAsync(
            Func<ValueTask<TokenReply>> ask, Func<ValueTask<TokenOutcome>> instead, CancellationToken cancellationToken) =>
            await failover.CallAsync(
                async () =>
                {
                    try
                    {
                        return (await ask()).ToOutcome();
                    }
                    catch (TimeoutException)
                    {
                        // The caller has waited for as long as anybody is made to wait.
                        return new TokenOutcome.Unavailable(TimeSpan.FromSeconds(1));
                    }
                },
                async () => await instead(),
                cancellationToken);

        /// <summary>Whoever deposits and then asks is answered from the deposit, at whichever silo.</summary>
        private Task TellAsync() => grain.ChangedAsync().AsTask().WaitAsync(_telling).Ended();
    }
}
