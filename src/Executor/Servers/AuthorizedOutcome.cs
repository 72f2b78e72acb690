using Executor.Credentials;

namespace Executor.Servers;

/// <summary>What became of a call that was made for a user.</summary>
public abstract record AuthorizedOutcome<T>
{
    private AuthorizedOutcome()
    {
    }

    public sealed record Completed(T Value) : AuthorizedOutcome<T>;

    /// <summary>
    /// The user has to reconnect, or an operator to act. What was seen is named, so that a run parks only while it still holds.
    /// </summary>
    public sealed record NeedsReauth(CredentialSight Seen) : AuthorizedOutcome<T>;

    /// <summary>No token just now; it may pass. Nothing was run.</summary>
    public sealed record Unavailable(TimeSpan RetryAfter) : AuthorizedOutcome<T>
    {
        /// <summary>What is waited for.</summary>
        public BlockedReason Reason { get; init; } = BlockedReason.CredentialBusy;
    }

    public sealed record EncryptionKeyMissing : AuthorizedOutcome<T>;

    public sealed record Failed(McpFailure Failure) : AuthorizedOutcome<T>;
}
