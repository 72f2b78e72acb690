using Executor.Identity;

namespace Executor.Mcp.Connections;

/// <summary>Counts the calls to each server. Guarded by the pool's lock.</summary>
internal sealed class InFlight(int limit)
{
    private readonly Dictionary<McpServerId, int> _calls = [];

    public bool IsFull(McpServerId server) => _calls.GetValueOrDefault(server) >= limit;

    public void Begin(McpServerId server) => _calls[server] = _calls.GetValueOrDefault(server) + 1;

    public void End(McpServerId server) => _calls[server]--;
}
