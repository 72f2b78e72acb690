using Executor.Servers;

namespace Executor.Mcp.Calls;

/// <summary>Looks up what a call mirrors in headers, and lists the server's tools where that is not known.</summary>
internal sealed class ToolHeaders(KnownTools known, McpOptions options)
{
    /// <returns>Null for a tool whose definition has to be rejected.</returns>
    public async Task<ParameterHeaders?> FindAsync(Exchange exchange, string tool, bool anew)
    {
        // From 2026-07-28 on.
        if (exchange.HasHandshake)
            return ParameterHeaders.None;
        return await known.FindAsync(exchange.Scope.Server.Id, tool, () => ListAsync(exchange), anew, exchange.Ended);
    }

    private async Task<(ToolListReader? Tools, bool CallerAlone)> ListAsync(Exchange exchange)
    {
        using var limit = exchange.Within(options.LookUpTimeout);
        var listing = exchange.Beside(2 * options.MaxListBytes, limit);
        try
        {
            return (await ToolListing.SendAsync(listing, options), false);
        }
        catch (Exception e) when (!exchange.Ended.IsCancellationRequested && Failures.IsUpstream(e, listing.Scope))
        {
            // Whatever it was, the call meets it too.
            return (null, listing.Scope.Status is System.Net.HttpStatusCode.Unauthorized or System.Net.HttpStatusCode.Forbidden);
        }
    }
}
