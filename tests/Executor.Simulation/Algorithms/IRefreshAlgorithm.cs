using Executor.Credentials;

namespace Executor.Simulation.Algorithms;

/// <summary>One way to keep a rotating refresh token, as one process runs it.</summary>
internal interface IRefreshAlgorithm
{
    /// <summary>The process begins.</summary>
    Task StartAsync();

    /// <summary>The user has connected; returns when that is durable.</summary>
    Task ConnectAsync(CredentialKey key, string refreshToken);

    /// <summary>An access token, please.</summary>
    Task<TokenAnswer> GetTokenAsync(CredentialKey key);
}

/// <summary>What a caller is told.</summary>
internal enum TokenAnswer
{
    Issued,

    /// <summary>Come back later.</summary>
    Unavailable,

    /// <summary>The user has to reconnect: the grant is given up.</summary>
    Reconnect,
}
