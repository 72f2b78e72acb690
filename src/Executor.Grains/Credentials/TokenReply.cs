using System.Diagnostics;
using Executor.Credentials;

namespace Executor.Grains.Credentials;

internal enum TokenReplyKind
{
    Issued = 0,
    NeedsReauth = 1,
    Unavailable = 2,
    EncryptionKeyMissing = 3,

    /// <summary>This silo cannot tell; another may. An exception would travel with its whole history.</summary>
    NotHere = 4,
}

/// <summary>What an owner answers to who asks for a token. Printing it shows none.</summary>
[GenerateSerializer, Immutable, Alias("executor.token-reply")]
internal readonly struct TokenReply
{
    [Id(0)]
    public required TokenReplyKind Kind { get; init; }

    [Id(1)]
    public string? AccessToken { get; init; }

    [Id(2)]
    public long Generation { get; init; }

    [Id(3)]
    public CredentialState SeenState { get; init; }

    [Id(4)]
    public CredentialReason Reason { get; init; }

    [Id(5)]
    public TimeSpan RetryAfter { get; init; }

    /// <summary>An older version leaves it out.</summary>
    [Id(6)]
    public string? WaitsFor { get; init; }

    [Id(7)]
    public long Episode { get; init; }

    [Id(8)]
    public ParkCause Cause { get; init; }

    [Id(9)]
    public bool IsPauseOver { get; init; }

    /// <summary>Who tries, or may try, a refused token.</summary>
    [Id(10)]
    public Guid? Probe { get; init; }

    public static TokenReply NotHere => new() { Kind = TokenReplyKind.NotHere };

    public static TokenReply From(TokenOutcome outcome) => outcome switch
    {
        TokenOutcome.Issued issued => new()
        {
            Kind = TokenReplyKind.Issued,
            AccessToken = issued.Token.Value,
            Generation = issued.Generation.Value,
            Probe = issued.Probe?.Value,
            Episode = issued.Episode,
        },
        TokenOutcome.NeedsReauth needs => new()
        {
            Kind = TokenReplyKind.NeedsReauth,
            Generation = needs.Seen.Generation.Value,
            SeenState = needs.Seen.State,
            Reason = needs.Reason,
            Episode = needs.Seen.Episode,
            Cause = needs.Seen.Cause,
            IsPauseOver = needs.IsPauseOver,
            Probe = needs.Prober?.Value,
        },
        TokenOutcome.Unavailable unavailable => new()
        {
            Kind = TokenReplyKind.Unavailable,
            RetryAfter = unavailable.RetryAfter,
            WaitsFor = unavailable.Reason.Word,
        },
        TokenOutcome.EncryptionKeyMissing => new() { Kind = TokenReplyKind.EncryptionKeyMissing },
        _ => throw new UnreachableException(),
    };

    public override string ToString() => $"({Kind})";

    /// <returns>Null where another owner has to be asked: also for a kind that only a newer version knows.</returns>
    public TokenOutcome? ToOutcome() => Kind switch
    {
        TokenReplyKind.Issued => new TokenOutcome.Issued(new AccessToken(AccessToken!), new Generation(Generation), ToProbe(), Episode),
        TokenReplyKind.NeedsReauth => new TokenOutcome.NeedsReauth(
            new CredentialSight(new Generation(Generation), SeenState, Episode, Cause), Reason, IsPauseOver, ToProbe()),
        TokenReplyKind.Unavailable => new TokenOutcome.Unavailable(RetryAfter)
        {
            Reason = WaitsFor is null ? BlockedReason.CredentialBusy : new BlockedReason(WaitsFor),
        },
        TokenReplyKind.EncryptionKeyMissing => new TokenOutcome.EncryptionKeyMissing(),
        _ => null,
    };

    private ProbeId? ToProbe() => Probe is { } probe ? new ProbeId(probe) : null;
}
