namespace Executor.Security;

/// <summary>What a sealed secret is. The numbers are part of every envelope's authentication: never change or reuse one.</summary>
public enum SecretPurpose
{
    RefreshToken = 1,
    KeptRefreshToken = 2,
    AccessToken = 3,
    ClientSecret = 4,
}

/// <summary>The place that a secret was sealed for. Its envelope opens nowhere else.</summary>
/// <param name="Purpose">The column, in effect.</param>
/// <param name="UserId">The owner of the credential.</param>
/// <param name="McpServerId">The server that the credential is for.</param>
/// <param name="Generation">Required for tokens, so that a row that was rolled back does not open.</param>
public readonly record struct SealContext(SecretPurpose Purpose, long UserId, string McpServerId, long? Generation);
