namespace Executor.Credentials;

/// <summary>Why a run waits for its user's credential. What may have removed the cause wakes the run, and nothing else does.</summary>
[Flags]
public enum ParkCause
{
    None = 0,

    /// <summary>
    /// Nothing usable: <see cref="CredentialState.Absent"/>, <see cref="CredentialState.NeedsReauth"/>,
    /// <see cref="CredentialState.OperatorError"/>. Every commit that leaves the row <see cref="CredentialState.Ready"/> wakes it.
    /// </summary>
    Unusable = 1,

    /// <summary>
    /// The MCP server refused a fresh token. A refresh proves nothing then: only a deposit, or a token that was tried and not refused,
    /// wakes it.
    /// </summary>
    TokenRefused = 2,
}
