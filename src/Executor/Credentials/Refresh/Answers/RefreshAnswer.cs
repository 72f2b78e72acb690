namespace Executor.Credentials.Refresh;

/// <summary>What a redemption came to, by what it says of the refresh token.</summary>
internal abstract record RefreshAnswer
{
    private RefreshAnswer()
    {
    }

    /// <summary>What is told of it; null where there is nothing to wait for.</summary>
    public BlockedReason? Told { get; init; }

    /// <summary>What a complete refusal is known by when it comes again; null for whatever may pass by itself.</summary>
    public RefusalMark? Mark { get; init; }

    /// <param name="RefreshToken">Null keeps the current one (RFC 6749 §6).</param>
    /// <param name="ExpiresIn">Null when the server names no usable lifetime.</param>
    public sealed record Granted(AccessToken AccessToken, RefreshToken? RefreshToken, TimeSpan? ExpiresIn) : RefreshAnswer;

    /// <summary>Final, if the intent still is the last one.</summary>
    public sealed record Refused(CredentialReason Reason) : RefreshAnswer;

    /// <summary>Certainly not spent: never written, or refused for a reason that leaves the token alone.</summary>
    public sealed record NotSpent(TimeSpan? RetryAfter = null) : RefreshAnswer
    {
        /// <summary>It is the <c>resource</c> that was refused (RFC 8707 §2): the next intent need not wait.</summary>
        public bool RefusesResource { get; init; }
    }

    /// <summary>Not sent, because the permit was lost or too old; nothing failed.</summary>
    public sealed record GivenUp : RefreshAnswer;

    /// <summary>The token may have been spent.</summary>
    /// <param name="Answered">A complete answer arrived: the server is done with the request.</param>
    public sealed record InDoubt(bool Answered, TimeSpan? RetryAfter = null) : RefreshAnswer;
}
