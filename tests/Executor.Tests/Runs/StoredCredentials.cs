using Executor.Credentials;

namespace Executor.Tests.Runs;

/// <summary>Answers from the real store's row, without an OAuth server: a deposit is the real wake-up of what is parked.</summary>
internal sealed class StoredCredentials(ICredentialStore store) : ICredentials
{
    /// <summary>Takes the place of the row.</summary>
    public Func<CredentialKey, TokenOutcome?> Override { get; set; } = _ => null;

    /// <summary>Runs before an answer is given that was read already.</summary>
    public Func<CredentialKey, Task> BeforeAnswer { get; set; } = _ => Task.CompletedTask;

    public ICredentialOwner For(CredentialKey key) => new Owner(this, store, key);

    public Task<Generation> DepositAsync(CredentialKey key) => ChangeAsync(key, CredentialState.Ready);

    public Task<Generation> RevokeAsync(CredentialKey key) => ChangeAsync(key, CredentialState.NeedsReauth);

    private Task<Generation> ChangeAsync(CredentialKey key, CredentialState state) => store.ChangeAsync(
        key,
        new CredentialChangeOptions(CreatesRow: true, DrawsGeneration: true),
        ledger => new CredentialDecision<Generation>(
            ledger.NextGeneration, ledger.Row! with { State = state, Generation = ledger.NextGeneration }),
        default);

    private sealed class Owner(StoredCredentials parent, ICredentialStore store, CredentialKey key) : ICredentialOwner
    {
        public Task<DepositOutcome> DepositAsync(Deposit deposit, CancellationToken cancellationToken) => throw new NotSupportedException();

        public Task DeleteAsync(CancellationToken cancellationToken) => throw new NotSupportedException();

        public async ValueTask<TokenOutcome> GetTokenAsync(CancellationToken cancellationToken)
        {
            if (parent.Override(key) is { } outcome)
                return outcome;
            var row = (await store.ReadAsync(key, cancellationToken))?.Row;
            await parent.BeforeAnswer(key);
            return row is { State: CredentialState.Ready }
                ? new TokenOutcome.Issued(new AccessToken($"token-{row.Generation.Value}"), row.Generation)
                : new TokenOutcome.NeedsReauth(row?.Generation ?? Generation.None, row?.State ?? CredentialState.Absent, row?.Reason ?? default);
        }

        public ValueTask<TokenOutcome> TokenRejectedAsync(Generation rejected, CancellationToken cancellationToken) =>
            GetTokenAsync(cancellationToken);
    }
}
