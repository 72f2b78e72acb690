using System.Collections.Concurrent;
using Executor.Identity;

namespace Executor.Mcp.Connections;

/// <summary>Which servers have no stream of their own to listen to, so that it is not asked for with each connection.</summary>
internal sealed class StreamMemory(TimeProvider time)
{
    /// <summary>A server may be updated.</summary>
    private static readonly TimeSpan Lifetime = TimeSpan.FromHours(1);

    private readonly ConcurrentDictionary<McpServerId, long> _without = new();

    public bool MayOffer(McpServerId server) => !_without.TryGetValue(server, out var since) || time.GetElapsedTime(since) > Lifetime;

    public void NotOffered(McpServerId server) => _without[server] = time.GetTimestamp();
}
