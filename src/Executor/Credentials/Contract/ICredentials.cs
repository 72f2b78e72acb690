namespace Executor.Credentials;

/// <summary>Routes to the owner of a credential. Where owners live is the engine's business.</summary>
public interface ICredentials
{
    ICredentialOwner For(CredentialKey key);
}

/// <summary>
/// The owner of one credential: serialises its refreshes and answers from memory. For a while there may be a second owner of the same
/// key, here or elsewhere. That costs a wasted read and never a grant, since every decision is taken in the store.
/// </summary>
public interface ICredentialOwner
{
    Task<DepositOutcome> DepositAsync(Deposit deposit, CancellationToken cancellationToken);

    /// <summary>Blanks the credential. Whatever is in flight for it changes nothing any more.</summary>
    Task DeleteAsync(CancellationToken cancellationToken);

    /// <summary>
    /// A token that is good for a comfortable time yet is answered at once. If it is due, it is refreshed beside that. Otherwise the
    /// caller waits for the refresh. A cancelled caller stops waiting, and the redemption goes on.
    /// </summary>
    ValueTask<TokenOutcome> GetTokenAsync(CancellationToken cancellationToken);

    /// <summary>
    /// Says that the MCP server answered 401. A token that is seconds old is given once more, after a wait: a clock may be behind.
    /// Otherwise refreshes, if that generation is still current and the budget allows it. Any number of parallel rejections makes one
    /// redemption, and a server that refuses every token makes few.
    /// </summary>
    ValueTask<TokenOutcome> TokenRejectedAsync(Rejection rejection, CancellationToken cancellationToken);

    /// <summary>
    /// Asks to try a token although the MCP server refuses them, once the pause is over. One caller at a time may. It gets the unexpired
    /// token that there is, and at most one redemption. All others are answered as by <see cref="GetTokenAsync"/>.
    /// </summary>
    ValueTask<TokenOutcome> ProbeAsync(ProbeId probe, CancellationToken cancellationToken);

    /// <summary>Says that the MCP server answered the probe, with anything but 401: what is parked for the refusal goes on.</summary>
    ValueTask TokenAcceptedAsync(Generation accepted, CancellationToken cancellationToken);
}

/// <summary>A 401 of the MCP server.</summary>
/// <param name="Generation">Of the token that it turned down.</param>
/// <param name="IsRenewed">The token was itself the answer to a rejection: it is fresh, and another would fare no better.</param>
/// <param name="Probe">Set where the token was given to a probe.</param>
/// <param name="Episode">With the token: what was turned down before a refusal ended says nothing of what comes after it.</param>
public readonly record struct Rejection(Generation Generation, bool IsRenewed = false, ProbeId? Probe = null, long Episode = 0);
