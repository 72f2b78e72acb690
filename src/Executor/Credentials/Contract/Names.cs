using Executor.Identity;

namespace Executor.Credentials;

/// <summary>What a credential belongs to: one user at one MCP server. Each key has one owner in the whole cluster.</summary>
public readonly record struct CredentialKey(UserId User, McpServerId Server);

/// <summary>
/// Numbers every deposit, deletion and successful refresh. Never reused, and compared for equality only.
/// </summary>
public readonly record struct Generation(long Value)
{
    /// <summary>The generation of a key that nothing was ever deposited for.</summary>
    public static readonly Generation None = new(0);
}

/// <summary>Names a refresh intent; made by its sender, so that an unknown commit outcome can be looked up.</summary>
public readonly record struct IntentId(Guid Value)
{
    public static IntentId New() => new(Guid.NewGuid());
}
