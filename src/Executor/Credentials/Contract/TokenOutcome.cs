namespace Executor.Credentials;

/// <summary>The answer to «an access token, please».</summary>
public abstract record TokenOutcome
{
    private TokenOutcome()
    {
    }

    /// <summary>A committed access token and the generation that minted it.</summary>
    public sealed record Issued(AccessToken Token, Generation Generation) : TokenOutcome;

    /// <summary>
    /// Nobody here can obtain one before the user reconnects (or, in <see cref="CredentialState.OperatorError"/>, an operator acts).
    /// What was seen is named, so that a run parks only while it still holds.
    /// </summary>
    public sealed record NeedsReauth(Generation Seen, CredentialState SeenState, CredentialReason Reason) : TokenOutcome;

    /// <summary>It may pass: unresolved, backing off, or the owner is busy beyond the wait.</summary>
    public sealed record Unavailable(TimeSpan RetryAfter) : TokenOutcome
    {
        /// <summary>What is waited for.</summary>
        public BlockedReason Reason { get; init; } = BlockedReason.CredentialBusy;
    }

    public sealed record EncryptionKeyMissing : TokenOutcome;
}
