namespace Executor.Credentials;

/// <summary>Routes to the owner of a credential. Where owners live is the engine's business.</summary>
public interface ICredentials
{
    ICredentialOwner For(CredentialKey key);
}

/// <summary>
/// The owner of one credential: serialises its refreshes and answers from memory. A second owner of the same key, should the
/// engine ever activate one, costs a wasted read and never a grant: every decision is taken in the store.
/// </summary>
public interface ICredentialOwner
{
    Task<DepositOutcome> DepositAsync(Deposit deposit, CancellationToken cancellationToken);

    /// <summary>Blanks the credential. Whatever is in flight for it changes nothing any more.</summary>
    Task DeleteAsync(CancellationToken cancellationToken);

    /// <summary>
    /// A token that is good for a comfortable time yet is answered at once, and refreshed beside that where it is due. Otherwise the
    /// caller waits for the refresh; a cancelled one stops waiting, and the redemption goes on.
    /// </summary>
    ValueTask<TokenOutcome> GetTokenAsync(CancellationToken cancellationToken);

    /// <summary>
    /// Says that the MCP server answered 401 to the token of <paramref name="rejected"/>. Refreshes only if that generation is
    /// still current, so that any number of parallel rejections makes one redemption.
    /// </summary>
    ValueTask<TokenOutcome> TokenRejectedAsync(Generation rejected, CancellationToken cancellationToken);
}
