using Executor.Security;

namespace Executor.Credentials.Owner;

/// <summary>A credential as last read, with its access token opened, on this node's monotonic clock.</summary>
/// <param name="ReadAt">From before the read began: whatever is counted from here is counted too early rather than too late.</param>
/// <param name="Token">Null when there is none, or none that this node can open.</param>
/// <param name="Undecryptable">The refresh token is damaged: no key opens it.</param>
/// <param name="UnknownKey">What a refresh needs is sealed with a key that this node does not have.</param>
internal sealed record CredentialView(
    CredentialRow Row, DateTimeOffset Now, long ReadAt, AccessToken? Token, bool Undecryptable, KeyId? UnknownKey = null)
{
    public static CredentialView Absent(CredentialKey key, long readAt) =>
        new(new CredentialRow { Key = key }, default, readAt, null, Undecryptable: false);

    public bool IsFresh(TimeProvider time, TimeSpan revalidation) => time.GetElapsedTime(ReadAt) < revalidation;

    /// <summary>There is a token, it has not expired, and neither it nor a newer one was rejected.</summary>
    public bool IsUsable(TimeProvider time, RejectedToken rejected) =>
        !IsRejected(rejected) && HasUnexpired(time);

    public bool HasUnexpired(TimeProvider time) =>
        Token is not null && Row.HoldsTokens && Now + time.GetElapsedTime(ReadAt) < Row.AccessTokenExpiresAt;

    /// <summary>How long until its token has an age at which a refusal says something; zero when it has, or when that is not known.</summary>
    public TimeSpan YoungFor(TimeProvider time, TimeSpan until) =>
        Spans.Max(Row.MintedAt is { } minted ? until - (Now - minted) - time.GetElapsedTime(ReadAt) : TimeSpan.Zero, TimeSpan.Zero);

    /// <summary>The MCP server refuses tokens, and this caller is not the one who tries them.</summary>
    public bool IsRefusedTo(ProbeId? probe) => Row.Refusal.IsActive && (probe is null || Row.Refusal.Prober != probe);

    public bool IsRejected(RejectedToken newest) => !new RejectedToken(Row.Generation, Row.Refusal.Episode).IsNewerThan(newest);

    public bool WantsRefresh(TimeProvider time) => !(Now + time.GetElapsedTime(ReadAt) < Row.RefreshAt);

    /// <summary>
    /// Close to its end: less is left than a quarter of the skew, or of what was left when the refresh fell due. Before that, nobody
    /// has to wait for the refresh.
    /// </summary>
    public bool IsAboutToExpire(TimeProvider time, TimeSpan skew) =>
        Row.AccessTokenExpiresAt is not { } end
        || Row.RefreshAt is not { } due
        || end - Now - time.GetElapsedTime(ReadAt) < Spans.Min(end - due, skew) / 4;

    /// <summary>How long nobody is to try again; zero when that has passed.</summary>
    public TimeSpan BackOff(TimeProvider time) =>
        Row.RetryAt is { } at && at - Now - time.GetElapsedTime(ReadAt) is var left && left > TimeSpan.Zero ? left : TimeSpan.Zero;

    /// <summary>What the last attempt failed for; without one, the attempt that is under way.</summary>
    public BlockedReason WaitsFor => Row.WaitsFor
        ?? (Row.State is CredentialState.Refreshing or CredentialState.Unresolved ? BlockedReason.Refreshing : BlockedReason.CredentialBusy);

    public TokenOutcome.NeedsReauth NeedsReauth(TimeProvider time)
    {
        var now = Now + time.GetElapsedTime(ReadAt);
        return new(
            CredentialSight.Of(Row),
            Row.Reason,
            IsPauseOver: Row is { HoldsTokens: true, Refusal.IsActive: true } && !(now < Row.Refusal.Until),
            Prober: now < Row.Refusal.ProbeDeadline ? Row.Refusal.Prober : null);
    }
}

/// <summary>An access token that the MCP server has turned down. The end of a refusal makes the same token another one: it was accepted.</summary>
internal readonly record struct RejectedToken(Generation Generation, long Episode)
{
    public bool IsNewerThan(RejectedToken other) =>
        Generation.Value > other.Generation.Value || (Generation == other.Generation && Episode > other.Episode);
}
