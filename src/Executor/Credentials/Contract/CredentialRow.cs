namespace Executor.Credentials;

/// <summary>The durable row of one credential. Secrets are sealed envelopes; nothing here prints one.</summary>
public sealed record CredentialRow
{
    public required CredentialKey Key { get; init; }

    public Generation Generation { get; init; }

    public CredentialState State { get; init; }

    public CredentialReason Reason { get; init; }

    /// <summary>Sealed under (user, server, <see cref="Generation"/>).</summary>
    public byte[]? RefreshToken { get; init; }

    /// <summary>
    /// What is tried if the current token of a contested generation is refused, sealed under the current generation. It is the token that
    /// the current one was made from: some providers, asked twice, kill the newest token and keep the oldest. Or it is the token that a
    /// later answer to the same token brought: others kill what they handed out first. It is dropped when the current one has refreshed
    /// once.
    /// </summary>
    public byte[]? KeptRefreshToken { get; init; }

    /// <summary>The next intent of this generation redeems the kept token.</summary>
    public bool TryKept { get; init; }

    /// <summary>Sealed under (user, server, <see cref="Generation"/>).</summary>
    public byte[]? AccessToken { get; init; }

    /// <summary>By the database's clock. A token refused within seconds of it may only be too young.</summary>
    public DateTimeOffset? MintedAt { get; init; }

    public DateTimeOffset? AccessTokenExpiresAt { get; init; }

    /// <summary>When to refresh: well before the expiry, jittered, so that credentials minted together are not refreshed together.</summary>
    public DateTimeOffset? RefreshAt { get; init; }

    public ClientRegistration? Client { get; init; }

    /// <summary>A keyed hash of the deposited refresh token: a client's retry of the same deposit is recognised by it.</summary>
    public byte[]? Lineage { get; init; }

    /// <summary>The intent opened last in this generation, open or not.</summary>
    public IntentId? Intent { get; init; }

    /// <summary>The intent whose success made this generation; how a sender finds out that its unanswered commit took place.</summary>
    public IntentId? MintedBy { get; init; }

    /// <summary>
    /// The OAuth server has refused the refresh token. Some say so of one that is being processed: the next intent's answer decides.
    /// </summary>
    public DateTimeOffset? ConfirmingSince { get; init; }

    public TokenRefusal Refusal { get; init; } = TokenRefusal.None;

    /// <summary>No intent opens before this, by the database's clock.</summary>
    public DateTimeOffset? RetryAt { get; init; }

    /// <summary>Failures in a row in this generation; spaces the retries.</summary>
    public int Failures { get; init; }

    /// <summary>What the last failure was; null when nothing has failed in this generation.</summary>
    public BlockedReason? WaitsFor { get; init; }

    public RepeatedRefusal? Repeated { get; init; }

    /// <summary>Raised by every change of the row; guards the write of a decision.</summary>
    public long Version { get; init; }

    /// <summary>Runs that were sent back to the queue because the credential was busy have nothing left to wait for.</summary>
    public bool EndsWaits => State switch
    {
        CredentialState.Ready => RetryAt is null,
        CredentialState.NeedsReauth or CredentialState.OperatorError => true,
        _ => false,
    };

    /// <summary>An operator's error is no fault of the access token: it serves until it expires.</summary>
    public bool HoldsTokens => State is CredentialState.Ready or CredentialState.Refreshing or CredentialState.Unresolved or CredentialState.OperatorError;
}

/// <summary>The OAuth client that a refresh token belongs to. The secret is a sealed envelope.</summary>
public sealed record ClientRegistration(
    string TokenEndpoint,
    string? ClientId,
    byte[]? ClientSecret,
    DateTimeOffset? ClientSecretExpiresAt,
    ClientAuthMethod AuthMethod,
    string? Scopes);
