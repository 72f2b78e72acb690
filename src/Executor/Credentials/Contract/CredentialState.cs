namespace Executor.Credentials;

public enum CredentialState
{
    /// <summary>Nothing deposited, or deleted. The row stays, blanked.</summary>
    Absent,

    /// <summary>A refresh token of the current generation, perhaps an access token beside it.</summary>
    Ready,

    /// <summary>An intent is open: its sender may send the refresh token, or has.</summary>
    Refreshing,

    /// <summary>A request may or may not have spent the refresh token, and the last intent's permit to send is revoked.</summary>
    Unresolved,

    /// <summary>Only the user can mend it, by reconnecting.</summary>
    NeedsReauth,

    /// <summary>Only an operator can mend it: the client registration is refused.</summary>
    OperatorError,
}

public enum CredentialReason
{
    None,

    /// <summary>The OAuth server said <c>invalid_grant</c>, and no earlier request of the generation was in doubt.</summary>
    Revoked,

    /// <summary>The OAuth server said <c>invalid_grant</c> after a request whose answer never arrived.</summary>
    OutcomeUnknown,

    InvalidClient,

    UnauthorizedClient,

    /// <summary>The deposited client secret has passed its own expiry, and is not sent any more.</summary>
    ClientSecretExpired,

    /// <summary>The token endpoint may not be called any more: the servers file or the guard forbids it.</summary>
    EndpointRefused,

    /// <summary>It was sealed with a key that the operator has given up as lost.</summary>
    KeyLost,

    /// <summary>It was in a copy of another database, whose credential it remains.</summary>
    Copied,

    /// <summary>The OAuth server has refused the same request in the same way for long, with a code that says neither whose fault it is.</summary>
    RefusedRepeatedly,
}
