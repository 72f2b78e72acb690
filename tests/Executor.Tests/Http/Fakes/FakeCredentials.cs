using System.Collections.Concurrent;
using Executor.Credentials;

namespace Executor.Tests.Http.Fakes;

/// <summary>Stands in for the credentials' owners, so that the front end can be shown every answer that they have.</summary>
internal sealed class FakeCredentials : ICredentials
{
    public ConcurrentQueue<(CredentialKey Key, Deposit Deposit)> Deposits { get; } = new();

    public ConcurrentQueue<CredentialKey> Deletions { get; } = new();

    public Func<DepositOutcome> OnDeposit { get; set; } = () => new DepositOutcome.Stored(new Generation(1));

    public Func<TokenOutcome> OnToken { get; set; } = () => new TokenOutcome.Issued(new AccessToken("at"), new Generation(1));

    public ICredentialOwner For(CredentialKey key) => new Owner(this, key);

    private sealed class Owner(FakeCredentials all, CredentialKey key) : ICredentialOwner
    {
        public Task<DepositOutcome> DepositAsync(Deposit deposit, CancellationToken cancellationToken)
        {
            var outcome = all.OnDeposit();
            if (outcome is DepositOutcome.Stored)
                all.Deposits.Enqueue((key, deposit));
            return Task.FromResult(outcome);
        }

        public Task DeleteAsync(CancellationToken cancellationToken)
        {
            all.Deletions.Enqueue(key);
            return Task.CompletedTask;
        }

        public ValueTask<TokenOutcome> GetTokenAsync(CancellationToken cancellationToken) => ValueTask.FromResult(all.OnToken());

        public ValueTask<TokenOutcome> TokenRejectedAsync(Rejection rejection, CancellationToken cancellationToken) =>
            ValueTask.FromResult(all.OnToken());

        public ValueTask<TokenOutcome> ProbeAsync(ProbeId probe, CancellationToken cancellationToken) => ValueTask.FromResult(all.OnToken());

        public ValueTask TokenAcceptedAsync(Generation accepted, CancellationToken cancellationToken) => ValueTask.CompletedTask;
    }
}
