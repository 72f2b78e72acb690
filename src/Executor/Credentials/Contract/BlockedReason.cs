namespace Executor.Credentials;

/// <summary>
/// What a credential, and with it a run, waits for: a code out of the table of answers, or a word of our own. Never a text that a server
/// wrote.
/// </summary>
public readonly record struct BlockedReason(string Word)
{
    /// <summary>No connection to the token endpoint: nothing was sent.</summary>
    public static readonly BlockedReason Unreachable = new("token-endpoint-unreachable");

    /// <summary>The request was sent, and no answer came, or not the whole of one.</summary>
    public static readonly BlockedReason NoAnswer = new("no-answer");

    /// <summary>The token endpoint, or what stands before it, says that it is out of order.</summary>
    public static readonly BlockedReason ServerError = new("token-endpoint-error");

    /// <summary>The servers file or the guard forbids the token endpoint.</summary>
    public static readonly BlockedReason EndpointRefused = new("endpoint-refused");

    public static readonly BlockedReason RateLimited = new("rate-limited");

    /// <summary>A whole answer that is neither a grant nor an error.</summary>
    public static readonly BlockedReason UnreadableAnswer = new("unreadable-answer");

    /// <summary>A refusal with a code that the table does not have, or with none.</summary>
    public static readonly BlockedReason Other = new("other");

    /// <summary>A refresh is under way, or one of unknown outcome is waited for.</summary>
    public static readonly BlockedReason Refreshing = new("refreshing");

    /// <summary>This node may not begin a refresh just now, or the credential changes all the time.</summary>
    public static readonly BlockedReason CredentialBusy = new("credential-busy");

    /// <summary>It is sealed with an encryption key that this node does not have.</summary>
    public static readonly BlockedReason EncryptionKeyUnknown = new("encryption-key-unknown");

    public static readonly BlockedReason DatabaseUnavailable = new("database-unavailable");

    /// <summary>The MCP server cannot be reached, or has as many calls as it may have.</summary>
    public static readonly BlockedReason McpServerBusy = new("mcp-server-busy");

    public override string ToString() => Word;
}
