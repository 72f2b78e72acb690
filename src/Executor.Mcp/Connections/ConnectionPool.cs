using Executor.Credentials;
using Executor.Identity;
using Executor.Mcp.Calls;
using Executor.Nodes;
using Executor.Servers;

namespace Executor.Mcp.Connections;

/// <summary>
/// Connections by (user, server): made once for callers that come together, closed when idle, displaced or stale, and never under a
/// call that uses them.
/// </summary>
internal sealed class ConnectionPool : IAsyncDisposable
{
    private readonly Lock _gate = new();
    private readonly Dictionary<ConnectionKey, PooledConnection> _connections = [];
    private readonly Dictionary<McpServerId, int> _callsByServer = [];

    /// <summary>Those without calls, the longest unused first.</summary>
    private readonly LinkedList<PooledConnection> _idle = new();
    private readonly Connector _connector;
    private readonly McpOptions _options;
    private readonly IDetachedWork _work;
    private readonly TimeProvider _time;
    private readonly ITimer _sweep;
    private int _open;
    private bool _disposed;

    public ConnectionPool(Connector connector, McpOptions options, IDetachedWork work, TimeProvider time)
    {
        _connector = connector;
        _options = options;
        _work = work;
        _time = time;
        var period = options.IdleTimeout / 4;
        _sweep = time.CreateTimer(static pool => ((ConnectionPool)pool!).CloseIdle(), this, period, period);
    }

    /// <summary>Clients not yet closed.</summary>
    public int Open => Volatile.Read(ref _open);

    public async Task<RentResult> RentAsync(UserId user, McpServer server, AccessToken? bearer, CancellationToken cancellationToken)
    {
        while (true)
        {
            if (Enter(new ConnectionKey(user, server.Id), server, bearer) is not { } connection)
                return new RentResult.Failed(Failures.Busy);

            ConnectResult result;
            try
            {
                result = await connection.Ready.Task.WaitAsync(cancellationToken);
            }
            catch
            {
                Release(connection);
                throw;
            }

            if (result is ConnectResult.Connected connected)
                return new RentResult.Rented(new ConnectionLease(this, connection, connected));

            Release(connection);
            // Another call of the same user made this attempt, with another token: what became of it says nothing about ours.
            if (result is ConnectResult.Unauthorized && connection.FirstBearer != bearer)
                continue;
            return result is ConnectResult.Failed failed ? new RentResult.Failed(failed.Failure) : new RentResult.Unauthorized();
        }
    }

    public void Release(PooledConnection connection)
    {
        var close = false;
        lock (_gate)
        {
            _callsByServer[connection.Key.Server]--;
            if (--connection.Calls == 0)
            {
                if (connection.Retired)
                {
                    close = true;
                }
                else
                {
                    connection.IdleSince = _time.GetTimestamp();
                    connection.IdleNode = _idle.AddLast(connection);
                }
            }
        }

        if (close)
            Close(connection);
    }

    public void Retire(PooledConnection connection, bool sessionLost)
    {
        bool close;
        lock (_gate)
        {
            connection.SessionLost |= sessionLost;
            close = RetireLocked(connection);
        }

        if (close)
            Close(connection);
    }

    public void RetireUnknownProtocol(PooledConnection connection)
    {
        _connector.Forget(connection);
        Retire(connection, sessionLost: false);
    }

    /// <summary>Retires what <paramref name="isStale"/> says, of one key or of all.</summary>
    public void RetireWhere(ConnectionKey? key, Predicate<PooledConnection> isStale)
    {
        List<PooledConnection> closing = [];
        lock (_gate)
        {
            IEnumerable<PooledConnection> candidates = key is { } one
                ? _connections.TryGetValue(one, out var found) ? [found] : []
                : [.. _connections.Values];
            foreach (var connection in candidates.Where(c => isStale(c)))
            {
                if (RetireLocked(connection))
                    closing.Add(connection);
            }
        }

        closing.ForEach(Close);
    }

    public async ValueTask DisposeAsync()
    {
        await _sweep.DisposeAsync();
        lock (_gate)
        {
            _disposed = true;
        }

        RetireWhere(null, _ => true);
        await _work.WhenIdleAsync(CancellationToken.None);
        _connector.Dispose();
    }

    private PooledConnection? Enter(ConnectionKey key, McpServer server, AccessToken? bearer)
    {
        PooledConnection? connection;
        PooledConnection? displaced = null;
        var isNew = false;
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            var calls = _callsByServer.GetValueOrDefault(key.Server);
            if (calls >= _options.MaxCallsPerServer)
                return null;

            if (!_connections.TryGetValue(key, out connection))
            {
                if (_connections.Count >= _options.MaxConnections)
                {
                    displaced = _idle.First?.Value;
                    if (displaced is null)
                        return null;
                    RetireLocked(displaced);
                }

                connection = new PooledConnection(key, server, bearer);
                _connections.Add(key, connection);
                Interlocked.Increment(ref _open);
                isNew = true;
            }

            _callsByServer[key.Server] = calls + 1;
            connection.Calls++;
            connection.NewestBearer = bearer;
            LeaveIdle(connection);
        }

        if (displaced is not null)
            Close(displaced);
        if (isNew)
            _ = _work.Start("MCP connect", () => ConnectAsync(connection));
        return connection;
    }

    /// <summary>Detached: the caller that happens to come first may be cancelled, and the others wait for the same connection.</summary>
    private async Task ConnectAsync(PooledConnection connection)
    {
        ConnectResult result = new ConnectResult.Failed(Failures.ConnectDefect);
        try
        {
            result = await _connector.ConnectAsync(connection);
        }
        finally
        {
            if (result is not ConnectResult.Connected)
                Retire(connection, sessionLost: false);
            connection.Ready.SetResult(result);
        }
    }

    /// <returns>Nobody uses it: the caller closes it outside the lock.</returns>
    private bool RetireLocked(PooledConnection connection)
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

    private void CloseIdle()
    {
        List<PooledConnection> closing = [];
        lock (_gate)
        {
            while (_idle.First?.Value is { } oldest && _time.GetElapsedTime(oldest.IdleSince) >= _options.IdleTimeout)
            {
                if (RetireLocked(oldest))
                    closing.Add(oldest);
            }
        }

        closing.ForEach(Close);
    }

    private void Close(PooledConnection connection) => _ = _work.Start("MCP close", async () =>
    {
        try
        {
            if (await connection.Ready.Task is ConnectResult.Connected connected)
                await _connector.CloseAsync(connection, connected.Client);
        }
        finally
        {
            Interlocked.Decrement(ref _open);
        }
    });
}
