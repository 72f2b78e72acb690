using Executor.Credentials;
using Executor.Servers;

namespace Executor.Mcp.Connections;

/// <summary>Which connections there are, and which of them nobody uses. Guarded by the pool's lock.</summary>
internal sealed class ConnectionTable(int limit, TimeProvider time)
{
    private readonly Dictionary<ConnectionKey, PooledConnection> _connections = [];

    /// <summary>Those without calls, the longest unused first.</summary>
    private readonly LinkedList<PooledConnection> _idle = new();

    public bool IsFull => _connections.Count >= limit;

    public PooledConnection? LeastRecentlyUsed => _idle.First?.Value;

    public IReadOnlyList<PooledConnection> All => [.. _connections.Values];

    public PooledConnection? Find(ConnectionKey key) => _connections.GetValueOrDefault(key);

    public PooledConnection Add(ConnectionKey key, McpServer server, AccessToken? bearer)
    {
        var connection = new PooledConnection(key, server, bearer);
        _connections.Add(key, connection);
        return connection;
    }

    public void Begin(PooledConnection connection)
    {
        connection.Calls++;
        LeaveIdle(connection);
    }

    /// <returns>It was retired, and this was its last call: it is to be closed.</returns>
    public bool End(PooledConnection connection)
    {
        if (--connection.Calls > 0 || connection.Retired)
            return connection is { Calls: 0, Retired: true };
        connection.IdleSince = time.GetTimestamp();
        connection.IdleNode = _idle.AddLast(connection);
        return false;
    }

    /// <returns>Nobody uses it: it is to be closed.</returns>
    public bool Retire(PooledConnection connection)
    {
        if (connection.Retired)
            return false;
        connection.Retired = true;
        _connections.Remove(connection.Key);
        LeaveIdle(connection);
        return connection.Calls == 0;
    }

    private void LeaveIdle(PooledConnection connection)
    {
        if (connection.IdleNode is not { } node)
            return;
        _idle.Remove(node);
        connection.IdleNode = null;
    }
}
