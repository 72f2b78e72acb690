using Executor.Credentials;
using Executor.Credentials.Transitions;

namespace Executor.Tests.Runs;

/// <summary>Answers from the real store's row, without an OAuth server: a deposit is the real wake-up of what is parked.</summary>
internal sealed class StoredCredentials(ICredentialStore store) : ICredentials
{
    /// <summary>Takes the place of the row.</summary>
    public Func<CredentialKey, TokenOutcome?> Override { get; set; } = _ => null;

    /// <summary>Runs before an answer is given that was read already.</summary>
    public Func<CredentialKey, Task> BeforeAnswer { get; set; } = _ => Task.CompletedTask;

    public ICredentialOwner For(CredentialKey key) => new Owner(this, store, key);

    public Task<Generation> DepositAsync(CredentialKey key) => ChangeAsync(key, CredentialState.Ready, ParkCause.TokenRefused);

    /// <summary>A refresh: a new generation of the same credential.</summary>
    public async Task<TokenOutcome> RenewAsync(CredentialKey key)
    {
        var generation = await ChangeAsync(key, CredentialState.Ready);
        return new TokenOutcome.Issued(new AccessToken($"token-{generation.Value}"), generation);
    }

    public Task<Generation> RevokeAsync(CredentialKey key) => ChangeAsync(key, CredentialState.NeedsReauth);

    private Task<Generation> ChangeAsync(CredentialKey key, CredentialState state, ParkCause wakes = ParkCause.None) => store.ChangeAsync(
        key,
        new CredentialChangeOptions(CreatesRow: true, DrawsGeneration: true),
        ledger => new CredentialDecision<Generation>(
            ledger.NextGeneration,
            ledger.Row! with
            {
                State = state,
                Generation = ledger.NextGeneration,
                Refusal = wakes == ParkCause.None ? ledger.Row.Refusal : RefusalRules.End(ledger.Row.Refusal),
            })
        {
            Wakes = wakes,
        },
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
                : new TokenOutcome.NeedsReauth(CredentialSight.Of(row ?? new CredentialRow { Key = key }), row?.Reason ?? default);
        }

        /// <summary>A token that was renewed is refused, as the real owner writes it down.</summary>
        public async ValueTask<TokenOutcome> TokenRejectedAsync(Rejection rejection, CancellationToken cancellationToken)
        {
            if (!rejection.IsRenewed)
                return await parent.RenewAsync(key);
            await store.ChangeAsync(
                key,
                new CredentialChangeOptions(),
                new RefuseToken(rejection.Generation, rejection.Episode, rejection.Probe, new RefusalRules(0)).Decide,
                cancellationToken);
            return new TokenOutcome.NeedsReauth(CredentialSight.Of((await store.ReadAsync(key, cancellationToken))!.Row), CredentialReason.None);
        }

        public ValueTask<TokenOutcome> ProbeAsync(ProbeId probe, CancellationToken cancellationToken) => throw new NotSupportedException();

        public ValueTask TokenAcceptedAsync(Generation accepted, CancellationToken cancellationToken) => throw new NotSupportedException();
    }
}
