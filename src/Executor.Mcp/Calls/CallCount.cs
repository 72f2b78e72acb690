using Executor.Identity;

namespace Executor.Mcp.Calls;

/// <summary>Counts the tool calls to each server.</summary>
internal sealed class CallCount(int limit)
{
    private readonly Lock _gate = new();
    private readonly Dictionary<McpServerId, int> _calls = [];

    public bool TryBegin(McpServerId server)
    {
        lock (_gate)
        {
            var calls = _calls.GetValueOrDefault(server);
            if (calls >= limit)
                return false;
            _calls[server] = calls + 1;
            return true;
        }
    }

    public void End(McpServerId server)
    {
        lock (_gate)
            _calls[server]--;
    }
}
