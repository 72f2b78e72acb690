using Executor.Credentials;
using Executor.Credentials.Owner;
using Executor.Identity;
using Orleans.Concurrency;
using Orleans.Placement;

namespace Executor.Silo.Credentials;

/// <summary>
/// Where the cluster finds a credential's owner, which it keeps in this silo's memory while it is used. Reentrant, because the owner
/// is made for concurrent callers and shares one refresh among them: who finds an unexpired token at hand does not wait behind who
/// does not. A second activation, which a membership change may bring about, costs a read: the store decides. It lives where it is
/// first asked for: a run's calls then have it beside them, and a load balancer spreads the others.
/// </summary>
[Reentrant, PreferLocalPlacement]
internal sealed class CredentialGrain(CredentialDirectory directory) : Grain, ICredentialGrain
{
    private CredentialKey _key;

    private CredentialOwner Owner => directory.Activate(_key);

    public override Task OnActivateAsync(CancellationToken cancellationToken)
    {
        var user = this.GetPrimaryKeyLong(out var server);
        _key = new CredentialKey(UserId.From(user), McpServerId.From(server!));
        return Task.CompletedTask;
    }

    public override Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken)
    {
        directory.Release(_key);
        return Task.CompletedTask;
    }

    public ValueTask<TokenReply> GetTokenAsync(CancellationToken cancellationToken) => ReplyAsync(Owner.GetTokenAsync(cancellationToken));

    public ValueTask<TokenReply> TokenRejectedAsync(long generation, CancellationToken cancellationToken) =>
        ReplyAsync(Owner.TokenRejectedAsync(new Generation(generation), cancellationToken));

    public ValueTask ChangedAsync()
    {
        Owner.Invalidate();
        return ValueTask.CompletedTask;
    }

    public async Task<bool> RecoverAsync(CancellationToken cancellationToken)
    {
        try
        {
            await Owner.RecoverAsync(cancellationToken);
            return true;
        }
        catch (StoreUnavailableException)
        {
            return false;
        }
    }

    private static async ValueTask<TokenReply> ReplyAsync(ValueTask<TokenOutcome> outcome)
    {
        try
        {
            return TokenReply.From(await outcome);
        }
        catch (StoreUnavailableException)
        {
            return new TokenReply { Kind = TokenReplyKind.StoreUnavailable };
        }
    }
}
