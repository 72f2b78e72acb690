using Orleans.CodeGeneration;

namespace Executor.Grains.Credentials;

/// <summary>
/// The owner of one credential; the key is the user's id, extended by the MCP server's. A call that is lost, repeated, or late by
/// minutes does no harm. That is why deposits and deletions are not among them: they are made in the store from where they arrive.
/// </summary>
[Alias("executor.credential"), Version(1)]
internal interface ICredentialGrain : IGrainWithIntegerCompoundKey
{
    [Alias("get-token")]
    ValueTask<TokenReply> GetTokenAsync(CancellationToken cancellationToken);

    /// <param name="rejection">What the MCP server turned down.</param>
    /// <param name="cancellationToken">The caller stops waiting; a redemption goes on.</param>
    [Alias("rejected")]
    ValueTask<TokenReply> TokenRejectedAsync(RejectionMessage rejection, CancellationToken cancellationToken);

    /// <summary>Asks to try a token although the MCP server refuses them.</summary>
    [Alias("probe")]
    ValueTask<TokenReply> ProbeAsync(Guid probe, CancellationToken cancellationToken);

    /// <summary>The row is another one than a moment ago: what is in memory is read again.</summary>
    [Alias("changed")]
    ValueTask ChangedAsync();

    /// <summary>Sets off what brings an unresolved intent nearer to its end, on nobody's behalf.</summary>
    [Alias("recover")]
    ValueTask RecoverAsync();
}
