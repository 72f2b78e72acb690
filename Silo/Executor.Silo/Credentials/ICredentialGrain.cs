namespace Executor.Silo.Credentials;

/// <summary>
/// The owner of one credential; the key is the user's id, extended by the MCP server's. A call that is lost or repeated does no harm:
/// the owner decides everything in the store.
/// </summary>
[Alias("executor.credential")]
internal interface ICredentialGrain : IGrainWithIntegerCompoundKey
{
    [Alias("deposit")]
    Task<DepositReply> DepositAsync(DepositRequest deposit, CancellationToken cancellationToken);

    /// <returns>False when the database is not available.</returns>
    [Alias("delete")]
    Task<bool> DeleteAsync(CancellationToken cancellationToken);

    [Alias("get-token")]
    ValueTask<TokenReply> GetTokenAsync(CancellationToken cancellationToken);

    /// <param name="generation">Of the access token that the MCP server turned down.</param>
    /// <param name="cancellationToken">The caller stops waiting; a redemption goes on.</param>
    [Alias("token-rejected")]
    ValueTask<TokenReply> TokenRejectedAsync(long generation, CancellationToken cancellationToken);

    /// <summary>Looks at what is unresolved, on nobody's behalf.</summary>
    /// <returns>False when the database is not available.</returns>
    [Alias("recover")]
    Task<bool> RecoverAsync(CancellationToken cancellationToken);
}
