namespace Executor.Credentials;

/// <summary>The answer to «an access token, please».</summary>
public abstract record TokenOutcome
{
    private TokenOutcome()
    {
    }

    /// <summary>A committed access token and the generation that minted it.</summary>
    /// <param name="Probe">Set where it was given to be tried although tokens are refused: what the MCP server says is to be reported.</param>
    /// <param name="Episode">See <see cref="TokenRefusal.Episode"/>.</param>
    public sealed record Issued(AccessToken Token, Generation Generation, ProbeId? Probe = null, long Episode = 0) : TokenOutcome;

    /// <summary>
    /// Nobody here can obtain one before the user reconnects (or, in <see cref="CredentialState.OperatorError"/>, an operator acts).
    /// What was seen is named, so that a run parks only while it still holds.
    /// </summary>
    /// <param name="IsPauseOver">Tokens are refused, and may be tried: see <see cref="ICredentialOwner.ProbeAsync"/>.</param>
    /// <param name="Prober">Who alone may do so for now.</param>
    public sealed record NeedsReauth(
        CredentialSight Seen, CredentialReason Reason, bool IsPauseOver = false, ProbeId? Prober = null) : TokenOutcome
    {
        public bool MayProbe(ProbeId probe) => IsPauseOver && (Prober is null || Prober == probe);
    }

    /// <summary>It may pass: unresolved, backing off, or the owner is busy beyond the wait.</summary>
    public sealed record Unavailable(TimeSpan RetryAfter) : TokenOutcome
    {
        /// <summary>What is waited for.</summary>
        public BlockedReason Reason { get; init; } = BlockedReason.CredentialBusy;
    }

    public sealed record EncryptionKeyMissing : TokenOutcome;
}
