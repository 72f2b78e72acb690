using Executor.Credentials;
using Executor.Servers;

namespace Executor.Mcp.Connections;

/// <summary>One client of one user at one server. All fields but <see cref="Ready"/> belong to the pool's lock.</summary>
internal sealed class PooledConnection(ConnectionKey key, McpServer server, AccessToken? bearer)
{
    private volatile StrongBearer _newest = new(bearer);

    public ConnectionKey Key => key;

    public McpServer Server => server;

    /// <summary>The token that the connection is made with.</summary>
    public AccessToken? FirstBearer => bearer;

    /// <summary>The token accepted last: what ends the session, and answers what the server asks on it.</summary>
    public AccessToken? NewestBearer
    {
        get => _newest.Token;
        set => _newest = new StrongBearer(value);
    }

    public TaskCompletionSource<ConnectResult> Ready { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public ProgressBoard Progress { get; } = new();

    /// <summary>Set before it is ready, where the server speaks a version that has such a stream.</summary>
    public ServerStream? Stream { get; set; }

    public int Calls { get; set; }

    /// <summary>No new call gets it; it is closed when the last one ends.</summary>
    public bool Retired { get; set; }

    /// <summary>The server said that the session is gone: there is nothing left to end.</summary>
    public bool SessionLost { get; set; }

    /// <summary>A message was answered: what the server speaks is no mere memory.</summary>
    public bool Proven { get; set; }

    public long IdleSince { get; set; }

    public LinkedListNode<PooledConnection>? IdleNode { get; set; }

    private sealed record StrongBearer(AccessToken? Token);
}
