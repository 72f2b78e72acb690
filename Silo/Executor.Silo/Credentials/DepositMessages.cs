using System.Diagnostics;
using Executor.Credentials;

namespace Executor.Silo.Credentials;

/// <summary>A deposit on its way to its owner. Printing it shows nothing.</summary>
[GenerateSerializer, Immutable, Alias("executor.deposit")]
internal sealed class DepositRequest
{
    [Id(0)]
    public required string RefreshToken { get; init; }

    [Id(1)]
    public required string TokenEndpoint { get; init; }

    [Id(2)]
    public string? ClientId { get; init; }

    [Id(3)]
    public string? ClientSecret { get; init; }

    [Id(4)]
    public DateTimeOffset? ClientSecretExpiresAt { get; init; }

    [Id(5)]
    public ClientAuthMethod AuthMethod { get; init; }

    [Id(6)]
    public string? Scopes { get; init; }

    public static DepositRequest From(Deposit deposit) => new()
    {
        RefreshToken = deposit.RefreshToken.Value,
        TokenEndpoint = deposit.TokenEndpoint,
        ClientId = deposit.ClientId,
        ClientSecret = deposit.ClientSecret?.Value,
        ClientSecretExpiresAt = deposit.ClientSecretExpiresAt,
        AuthMethod = deposit.AuthMethod,
        Scopes = deposit.Scopes,
    };

    public override string ToString() => "(deposit)";

    public Deposit ToDeposit() => new(
        new RefreshToken(RefreshToken),
        TokenEndpoint,
        ClientId,
        ClientSecret is { } secret ? new ClientSecret(secret) : null,
        ClientSecretExpiresAt,
        AuthMethod,
        Scopes);
}

internal enum DepositReplyKind
{
    Stored,
    EndpointRefused,
    TooMany,
    EncryptionKeyMissing,

    /// <summary>Told as an answer: an exception would travel with its whole history.</summary>
    StoreUnavailable,
}

/// <param name="Generation">Of what was stored.</param>
/// <param name="Reason">Why the token endpoint is refused.</param>
/// <param name="Limit">How many credentials one user may have.</param>
[GenerateSerializer, Immutable, Alias("executor.deposit-reply")]
internal readonly record struct DepositReply(
    [property: Id(0)] DepositReplyKind Kind,
    [property: Id(1)] long Generation = 0,
    [property: Id(2)] string? Reason = null,
    [property: Id(3)] int Limit = 0)
{
    public static DepositReply From(DepositOutcome outcome) => outcome switch
    {
        DepositOutcome.Stored stored => new(DepositReplyKind.Stored, stored.Generation.Value),
        DepositOutcome.EndpointRefused refused => new(DepositReplyKind.EndpointRefused, Reason: refused.Reason),
        DepositOutcome.TooMany many => new(DepositReplyKind.TooMany, Limit: many.Limit),
        DepositOutcome.EncryptionKeyMissing => new(DepositReplyKind.EncryptionKeyMissing),
        _ => throw new UnreachableException(),
    };

    public DepositOutcome ToOutcome() => Kind switch
    {
        DepositReplyKind.Stored => new DepositOutcome.Stored(new Generation(Generation)),
        DepositReplyKind.EndpointRefused => new DepositOutcome.EndpointRefused(Reason!),
        DepositReplyKind.TooMany => new DepositOutcome.TooMany(Limit),
        DepositReplyKind.EncryptionKeyMissing => new DepositOutcome.EncryptionKeyMissing(),
        DepositReplyKind.StoreUnavailable => throw new StoreUnavailableException(),
        _ => throw new UnreachableException(),
    };
}
