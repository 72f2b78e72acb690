using Executor.Credentials;
using Executor.Credentials.Owner;
using Orleans.Runtime;

namespace Executor.Grains.Credentials;

/// <summary>
/// Routes to owners through the cluster. A silo may be dying, draining or cut off, and not answer. An owner in this process answers
/// instead: two owners of one key are harmless, and what is routed may be repeated.
/// </summary>
internal sealed class GrainCredentials(
    IGrainFactory grains, LocalOwners owners, IClusterMembershipService membership, ILocalSiloDetails silo, Failover failover)
    : ICredentials, ICredentialRecoverer
{
    /// <summary>A silo that is slower has the database's notification, as all others have.</summary>
    private static readonly TimeSpan _telling = TimeSpan.FromSeconds(1);

    private LocalOwners Owners => owners;

    public ICredentialOwner For(CredentialKey key) => new Routed(key, this);

    public async Task RecoverAsync(CredentialKey key, CancellationToken cancellationToken)
    {
        try
        {
            await Grain(key).RecoverAsync();
        }
        catch (Exception fault) when (fault is OrleansException or TimeoutException)
        {
            await owners.Activate(key).RecoverAsync(cancellationToken);
        }
    }

    private ICredentialGrain Grain(CredentialKey key) => grains.GetGrain<ICredentialGrain>(key.User.Value, key.Server.Value, null);

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

    /// <summary>
    /// Whoever deposits and then asks is answered from the deposit, at whichever silo. The owner on this silo has heard of the change
    /// when it was committed; no grain is activated only to be told.
    /// </summary>
    private Task TellAsync(CredentialKey key) => TellElsewhereAsync(key).WaitAsync(_telling).Ended();

    private async Task TellElsewhereAsync(CredentialKey key)
    {
        if (membership.CurrentSnapshot.Members.Values.Count(member => member.Status == SiloStatus.Active) < 2)
            return;
        var grain = Grain(key);
        var host = await grains.GetGrain<IManagementGrain>(0).GetActivationAddress(grain);
        if (host is not null && !host.Equals(silo.SiloAddress))
            await grain.ChangedAsync();
    }

    private sealed class Routed(CredentialKey key, GrainCredentials routes) : ICredentialOwner
    {
        private CredentialOwner Local => routes.Owners.Activate(key);

        // Not through the cluster: a deposit that a silo left unanswered, and somebody made again, could still arrive there and undo
        // a later one. The store puts them in order, and no refresh token travels between silos.
        public async Task<DepositOutcome> DepositAsync(Deposit deposit, CancellationToken cancellationToken)
        {
            var outcome = await Local.DepositAsync(deposit, cancellationToken);
            await routes.TellAsync(key);
            return outcome;
        }

        public async Task DeleteAsync(CancellationToken cancellationToken)
        {
            await Local.DeleteAsync(cancellationToken);
            await routes.TellAsync(key);
        }

        /// <summary>A token in this silo's memory needs no call: the grain's owner is there, if the grain is.</summary>
        public ValueTask<TokenOutcome> GetTokenAsync(CancellationToken cancellationToken)
        {
            if (routes.Owners.Find(key)?.TokenAtHand() is { } token)
                return ValueTask.FromResult<TokenOutcome>(token);
            var grain = routes.Grain(key);
            return routes.AskAsync(
                () => grain.GetTokenAsync(cancellationToken), () => Local.GetTokenAsync(cancellationToken), cancellationToken);
        }

        public ValueTask<TokenOutcome> TokenRejectedAsync(Rejection rejection, CancellationToken cancellationToken)
        {
            routes.Owners.Find(key)?.Invalidate(); // an owner beside the grain's does not hear of it, and must not hand the token out again
            var grain = routes.Grain(key);
            return routes.AskAsync(
                () => grain.TokenRejectedAsync(RejectionMessage.From(rejection), cancellationToken),
                () => Local.TokenRejectedAsync(rejection, cancellationToken),
                cancellationToken);
        }

        public ValueTask<TokenOutcome> ProbeAsync(ProbeId probe, CancellationToken cancellationToken)
        {
            var grain = routes.Grain(key);
            return routes.AskAsync(
                () => grain.ProbeAsync(probe.Value, cancellationToken), () => Local.ProbeAsync(probe, cancellationToken), cancellationToken);
        }

        // A change in the store, as a deposit is.
        public async ValueTask TokenAcceptedAsync(Generation accepted, CancellationToken cancellationToken)
        {
            await Local.TokenAcceptedAsync(accepted, cancellationToken);
            await routes.TellAsync(key);
        }
    }
}
