namespace Executor.Credentials;

/// <summary>What a user's client deposits: a refresh token and the client registration that it was issued to.</summary>
public sealed record Deposit(
    RefreshToken RefreshToken,
    string TokenEndpoint,
    string? ClientId = null,
    ClientSecret? ClientSecret = null,
    DateTimeOffset? ClientSecretExpiresAt = null,
    ClientAuthMethod AuthMethod = ClientAuthMethod.Unspecified,
    string? Scopes = null);

public abstract record DepositOutcome
{
    private DepositOutcome()
    {
    }

    /// <summary>Durable: a new generation, or the same lineage deposited again, which changes nothing.</summary>
    public sealed record Stored(Generation Generation) : DepositOutcome;

    /// <summary>The token endpoint may not be called; <paramref name="Reason"/> is fit for the caller and quotes nothing.</summary>
    public sealed record EndpointRefused(string Reason) : DepositOutcome;

    /// <summary>The user already has as many credentials as one user may have.</summary>
    public sealed record TooMany(int Limit) : DepositOutcome;

    public sealed record EncryptionKeyMissing : DepositOutcome;
}
