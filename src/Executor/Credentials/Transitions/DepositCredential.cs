namespace Executor.Credentials.Transitions;

/// <summary>A deposit: a new generation, or, where it repeats the lineage that lives, at most a new client registration.</summary>
/// <param name="MaxPerUser">How many credentials the user may have.</param>
internal sealed record DepositCredential(CredentialKey Key, Deposit Deposit, int MaxPerUser)
{
    /// <summary>The result is null when the user has too many.</summary>
    public CredentialDecision<Generation?> Decide(CredentialLedger ledger, CredentialVault vault)
    {
        var row = ledger.Row!;
        if (row.State == CredentialState.Absent && ledger.LiveOfUser >= MaxPerUser)
            return new(null);
        if (!RepeatsLineage(row, vault))
            return NewGeneration(ledger, row, vault);

        // A client's retry carries the token of long ago: putting it back would spend a spent token. But the registration may be newer,
        // and the pause after a refusal ends: the user has seen to something.
        var isSame = IsSameRegistration(row, vault);
        if (isSame && row.State != CredentialState.OperatorError && !row.Refusal.IsActive)
            return new(row.Generation);
        var updated = (isSame ? row : row with { Client = Registration(vault) }) with { Refusal = RefusalRules.End(row.Refusal) };

        // Without its last intent: what the former registration was refused for is not held against this one.
        if (row.State == CredentialState.OperatorError)
        {
            updated = updated with
            {
                State = ledger.AtRest(),
                Reason = CredentialReason.None,
                Intent = null,
                RetryAt = null,
                Failures = 0,
                WaitsFor = null,
                Repeated = null,
            };
        }

        return new(row.Generation, updated) { Wakes = ParkCause.TokenRefused };
    }

    private bool RepeatsLineage(CredentialRow row, CredentialVault vault) =>
        row.State is not (CredentialState.Absent or CredentialState.NeedsReauth)
        && vault.IsLineage(row.Lineage, Deposit.RefreshToken, Key)
        && vault.TryOpenRefreshToken(row, out _);

    private CredentialDecision<Generation?> NewGeneration(CredentialLedger ledger, CredentialRow row, CredentialVault vault)
    {
        var generation = ledger.NextGeneration;
        return new(generation, new CredentialRow
        {
            Key = Key,
            Version = row.Version,
            Generation = generation,
            State = CredentialState.Ready,
            RefreshToken = vault.SealRefreshToken(Deposit.RefreshToken, Key, generation),
            Lineage = vault.HashLineage(Deposit.RefreshToken, Key),
            Client = Registration(vault),
            Refusal = RefusalRules.End(row.Refusal),
        })
        {
            Wakes = ParkCause.TokenRefused,
        };
    }

    private ClientRegistration Registration(CredentialVault vault) => new(
        Deposit.TokenEndpoint,
        Deposit.ClientId,
        Deposit.ClientSecret is { } secret ? vault.SealClientSecret(secret, Key) : null,
        Deposit.ClientSecretExpiresAt,
        Deposit.AuthMethod,
        Deposit.Scopes);

    private bool IsSameRegistration(CredentialRow row, CredentialVault vault) =>
        row.Client is { } stored
        && vault.TryOpenClientSecret(row, out var secret)
        && secret == Deposit.ClientSecret
        && stored with { ClientSecret = null, ClientSecretExpiresAt = null }
            == new ClientRegistration(Deposit.TokenEndpoint, Deposit.ClientId, null, null, Deposit.AuthMethod, Deposit.Scopes)
        && stored.ClientSecretExpiresAt?.ToUnixTimeMilliseconds() == Deposit.ClientSecretExpiresAt?.ToUnixTimeMilliseconds();
}
