using System.Collections.Concurrent;
using Executor.Identity;

namespace Executor.Mcp.Connections;

/// <summary>What each server spoke last, so that only its first connection pays for finding out.</summary>
internal sealed class ProtocolMemory
{
    /// <summary>From here on there is no handshake and no session: each request says what it needs.</summary>
    private const string FirstWithoutHandshake = "2026-07-28";

    private readonly ConcurrentDictionary<McpServerId, string> _versions = new();

    public static bool HasHandshake(string version) => string.CompareOrdinal(version, FirstWithoutHandshake) < 0;

    public string? Recall(McpServerId server) => _versions.GetValueOrDefault(server);

    public void Remember(McpServerId server, string version) => _versions[server] = version;

    public void Forget(McpServerId server) => _versions.TryRemove(server, out _);
}
