using Executor.Credentials;
using ModelContextProtocol.Client;

namespace Executor.Mcp.Connections;

/// <summary>One call's use of a connection.</summary>
internal sealed class ConnectionLease(ConnectionPool pool, PooledConnection connection, ConnectResult.Connected connected) : IDisposable
{
    private int _ended;

    public McpClient Client => connected.Client;

    public string? ProtocolVersion => connected.ProtocolVersion;

    public ProgressBoard Progress => connection.Progress;

    /// <summary>Hears what the server asks unasked, for as long as a call lasts; null where it has no stream for that.</summary>
    public async Task<IDisposable?> ListenAsync(CancellationToken cancellationToken) =>
        connection.Stream is { } stream ? await stream.ListenAsync(cancellationToken) : null;

    /// <summary>What the server speaks is only remembered, and nothing has confirmed it on this connection.</summary>
    public bool IsUnproven => connected.FromMemory && !connection.Proven;

    /// <summary>The server accepted a call with this token.</summary>
    public void Confirm(AccessToken? bearer)
    {
        connection.Proven = true;
        connection.NewestBearer = bearer;
    }

    /// <summary>No further call gets this connection; those in flight go on.</summary>
    public void Retire() => pool.Retire(connection, sessionLost: false);

    public void RetireLostSession() => pool.Retire(connection, sessionLost: true);

    public void RetireUnknownProtocol() => pool.RetireUnknownProtocol(connection);

    public void Dispose()
    {
        if (Interlocked.Exchange(ref _ended, 1) == 0)
            pool.Release(connection);
    }
}
