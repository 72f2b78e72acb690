using Executor.Credentials;
using Executor.Credentials.Owner;
using Executor.Identity;
using Orleans.Concurrency;

namespace Executor.Silo.Credentials;

/// <summary>
/// Where the cluster finds a credential's owner, which it keeps in this silo's memory while it is used. Reentrant, because the owner
/// is made for concurrent callers and shares one refresh among them: who finds an unexpired token at hand does not wait behind who
/// does not. A second activation, which a membership change may bring about, costs a read: the store decides.
/// </summary>
[Reentrant]
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

    public async Task<DepositReply> DepositAsync(DepositRequest deposit, CancellationToken cancellationToken)
    {
        try
        {
            return DepositReply.From(await Owner.DepositAsync(deposit.ToDeposit(), cancellationToken));
        }
        catch (StoreUnavailableException)
        {
            return new DepositReply(DepositReplyKind.StoreUnavailable);
        }
    }

    public Task<bool> DeleteAsync(CancellationToken cancellationToken) => DoneAsync(Owner.DeleteAsync(cancellationToken));

    public ValueTask<TokenReply> GetTokenAsync(CancellationToken cancellationToken) => ReplyAsync(Owner.GetTokenAsync(cancellationToken));

    public ValueTask<TokenReply> TokenRejectedAsync(long generation, CancellationToken cancellationToken) =>
        ReplyAsync(Owner.TokenRejectedAsync(new Generation(generation), cancellationToken));

    public Task<bool> RecoverAsync(CancellationToken cancellationToken) => DoneAsync(Owner.RecoverAsync(cancellationToken));

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

    private static async Task<bool> DoneAsync(Task work)
    {
        try
        {
            await work;
            return true;
        }
        catch (StoreUnavailableException)
        {
            return false;
        }
    }
}
