using Executor.Credentials;
using Executor.Identity;
using Executor.Mcp.Calls;
using Executor.Nodes;
using Executor.Servers;

namespace Executor.Mcp.Connections;

/// <summary>
/// Connections by (user, server). Callers that come together share one. It is closed when it is idle, displaced or stale, and never under
/// a call that uses it.
/// </summary>
internal sealed class ConnectionPool : IAsyncDisposable
{
    private readonly Lock _gate = new();
    private readonly ConnectionTable _table;
    private readonly Connector _connector;
    private readonly McpOptions _options;
    private readonly IDetachedWork _work;
    private readonly TimeProvider _time;
    private readonly ITimer _sweep;
    private readonly TaskCompletionSource _drained = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _open;
    private bool _disposed;

    public ConnectionPool(Connector connector, McpOptions options, IDetachedWork work, TimeProvider time)
    {
        _connector = connector;
        _options = options;
        _work = work;
        _time = time;
        _table = new ConnectionTable(options.MaxConnections, time);
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
        bool close;
        lock (_gate)
        {
            close = _table.End(connection);
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
            close = _table.Retire(connection);
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
            var candidates = key is { } one ? _table.Find(one) is { } found ? [found] : [] : _table.All;
            closing.AddRange(candidates.Where(c => isStale(c) && _table.Retire(c)));
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
        // Whoever is still calling has not been stopped by the host; the end of the HTTP client stops it.
        if (Open > 0)
            await _drained.Task.WaitAsync(_options.CloseTimeout, _time).ContinueWith(_ => { }, TaskScheduler.Default);
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
            connection = _table.Find(key);
            if (connection is null)
            {
                if (_table.IsFull)
                {
                    displaced = _table.LeastRecentlyUsed;
                    if (displaced is null)
                        return null;
                    _table.Retire(displaced);
                }

                connection = _table.Add(key, server, bearer);
                Interlocked.Increment(ref _open);
                isNew = true;
            }

            _table.Begin(connection);
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

    private void CloseIdle()
    {
        List<PooledConnection> closing = [];
        lock (_gate)
        {
            while (_table.LeastRecentlyUsed is { } oldest && _time.GetElapsedTime(oldest.IdleSince) >= _options.IdleTimeout)
            {
                if (_table.Retire(oldest))
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
            if (Interlocked.Decrement(ref _open) == 0 && Volatile.Read(ref _disposed))
                _drained.TrySetResult();
        }
    });
}
