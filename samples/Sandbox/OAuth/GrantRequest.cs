namespace Executor.Sandbox.OAuth;

public enum RequestStage
{
    Received,

    /// <summary>Waits to be released.</summary>
    Held,

    /// <summary>The answer is being written, or was.</summary>
    Answered,

    /// <summary>The connection was aborted instead of an answer.</summary>
    Dropped,

    /// <summary>The client went away while the request was held, and the request was given up.</summary>
    Abandoned,
}

public enum GrantOutcome
{
    /// <summary>Nothing was decided about the token: a fault came first, or the request is still held.</summary>
    Undecided,
    Issued,

    /// <summary>A spent token was tolerated.</summary>
    IssuedAgain,
    InvalidGrant,
    InvalidClient,
    InvalidRequest,
    UnsupportedGrantType,
}

public enum ClientAuthMethod
{
    None,
    ClientSecretBasic,
    ClientSecretPost,
}

/// <summary>One request to the token endpoint, as the server saw it.</summary>
public sealed record GrantRequest
{
    public required long Sequence { get; init; }

    public required DateTimeOffset ReceivedAt { get; init; }

    public DateTimeOffset? DecidedAt { get; init; }

    /// <summary>Null for a token that nobody issued.</summary>
    public string? GrantId { get; init; }

    public string? User { get; init; }

    public string? ClientId { get; init; }

    public ClientAuthMethod AuthMethod { get; init; }

    public string? Scope { get; init; }

    public string? Resource { get; init; }

    public string? UserAgent { get; init; }

    public string? AcceptEncoding { get; init; }

    /// <summary>Index of the presented refresh token in its grant; 0 is the one minted at consent.</summary>
    public int? Generation { get; init; }

    public int? NewGeneration { get; init; }

    public RequestStage Stage { get; init; }

    public GrantOutcome Outcome { get; init; }

    public bool Replay { get; init; }

    public bool RevokedFamily { get; init; }

    /// <summary>This request spent the presented token.</summary>
    public bool TokenSpent { get; init; }

    public OAuthFault? Fault { get; init; }
}
