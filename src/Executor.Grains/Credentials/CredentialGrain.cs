using Executor.Credentials;
using Executor.Credentials.Owner;
using Executor.Identity;
using Executor.Nodes;
using Orleans.Concurrency;
using Orleans.Placement;

namespace Executor.Grains.Credentials;

/// <summary>
/// Where the cluster finds a credential's owner, which it keeps in this silo's memory while it is used. It is reentrant: the owner is
/// made for concurrent callers and shares one refresh among them. Whoever finds an unexpired token at hand does not wait behind others. A
/// membership change may bring about a second activation. That costs a read, since the store decides. The grain lives where it is first
/// asked for: a run's calls then have it beside them, and a load balancer spreads the others.
/// </summary>
[Reentrant, PreferLocalPlacement, GrainType("executor.credential")]
internal sealed class CredentialGrain(LocalOwners owners, INodeLiveness liveness, IDetachedWork work) : Grain, ICredentialGrain
{
    private CredentialKey _key;

    private CredentialOwner Owner => owners.Activate(_key);

    public override Task OnActivateAsync(CancellationToken cancellationToken)
    {
        var user = this.GetPrimaryKeyLong(out var server);
        _key = new CredentialKey(UserId.From(user), McpServerId.From(server!));
        return Task.CompletedTask;
    }

    public override Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken)
    {
        owners.Release(_key);
        return Task.CompletedTask;
    }

    public ValueTask<TokenReply> GetTokenAsync(CancellationToken cancellationToken) =>
        AskAsync(owner => owner.GetTokenAsync(cancellationToken));

    public ValueTask<TokenReply> TokenRejectedAsync(RejectionMessage rejection, CancellationToken cancellationToken) =>
        AskAsync(owner => owner.TokenRejectedAsync(rejection.ToRejection(), cancellationToken));

    public ValueTask<TokenReply> ProbeAsync(Guid probe, CancellationToken cancellationToken) =>
        AskAsync(owner => owner.ProbeAsync(new ProbeId(probe), cancellationToken));

    public ValueTask ChangedAsync()
    {
        Owner.Invalidate();
        return ValueTask.CompletedTask;
    }

    // Not in a turn: what an activation is busy with for minutes keeps it from being moved, and its callers with it.
    public ValueTask RecoverAsync()
    {
        if (IsNoPlace())
            return ValueTask.CompletedTask; // the next sweep finds another
        var owner = Owner;
        _ = work.Start("recovery", async () =>
        {
            try
            {
                await owner.RecoverAsync(CancellationToken.None);
            }
            catch (StoreUnavailableException)
            {
                // The sweep asks again.
            }
        });
        return ValueTask.CompletedTask;
    }

    private async ValueTask<TokenReply> AskAsync(Func<CredentialOwner, ValueTask<TokenOutcome>> ask)
    {
        if (IsNoPlace())
            return TokenReply.NotHere;
        try
        {
            var outcome = await ask(Owner);
            return outcome is TokenOutcome.Unavailable busy && (!liveness.MayOpenIntents || busy.Reason == BlockedReason.EncryptionKeyUnknown)
                ? TokenReply.NotHere
                : TokenReply.From(outcome);
        }
        catch (StoreUnavailableException)
        {
            return TokenReply.NotHere;
        }
    }

    /// <summary>A silo that drains, or is cut off from the database, keeps no credential that others could refresh.</summary>
    private bool IsNoPlace()
    {
        if (liveness.MayOpenIntents)
            return false;
        DeactivateOnIdle();
        return true;
    }
}
