using Executor.Identity;
using Executor.Nodes;
using Executor.Servers;
using Microsoft.Extensions.Options;

namespace Executor.Credentials.Refresh;

/// <summary>What the servers file says about refreshing at one server.</summary>
/// <param name="Allowlist">Null allows every endpoint that the guard lets pass.</param>
internal sealed record RefreshTarget(ReplayRules Rules, string? Resource, IReadOnlyCollection<Uri>? Allowlist)
{
    public string UserAgent { get; init; } = UserAgents.Default;
}

internal sealed class RefreshTargets(IMcpServerCatalog catalog, IOptions<NodeOptions> node, IOptions<CredentialOptions> options)
{
    /// <summary>A server that the file does not (or no longer) name is treated as a strict one.</summary>
    public RefreshTarget For(McpServerId server)
    {
        var entry = catalog.Find(server);
        var auth = entry?.Auth as McpServerAuth.OAuth2;
        var rules = new ReplayRules(auth?.Replay ?? RefreshReplay.Strict, node.Value.Lease, options.Value);
        return new RefreshTarget(
            rules,
            auth?.Resource,
            auth is { TokenEndpoints.Count: > 0 } ? [.. auth.TokenEndpoints.Select(endpoint => new Uri(endpoint))] : null)
        {
            UserAgent = entry?.UserAgent ?? UserAgents.Default,
        };
    }
}
