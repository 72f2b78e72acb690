using System.Collections.Concurrent;
using ModelContextProtocol.Server;

namespace Executor.Sandbox.Mcp;

internal sealed class McpSessions
{
    private readonly ConcurrentDictionary<string, McpServerSession> _open = new(StringComparer.Ordinal);
    private int _opened;

    public int Count => _open.Count;

    public int Opened => Volatile.Read(ref _opened);

    public McpServerSession Open(McpServerOptions options)
    {
        var id = Guid.NewGuid().ToString("N");
        var session = new McpServerSession(new StreamableHttpServerTransport { SessionId = id }, options);
        _open[id] = session;
        Interlocked.Increment(ref _opened);
        return session;
    }

    public McpServerSession? Find(string id) => _open.GetValueOrDefault(id);

    public async Task<bool> CloseAsync(string id)
    {
        if (!_open.TryRemove(id, out var session))
            return false;
        await session.DisposeAsync();
        return true;
    }

    public Task CloseAllAsync() => Task.WhenAll(_open.Keys.Select(CloseAsync));
}

/// <summary>A transport with the server that runs on it; for one request where there are no sessions.</summary>
internal sealed class McpServerSession : IAsyncDisposable
{
    private readonly McpServer _server;
    private readonly CancellationTokenSource _ended = new();
    private readonly Task _run;

    public McpServerSession(StreamableHttpServerTransport transport, McpServerOptions options)
    {
        Transport = transport;
        _server = McpServer.Create(transport, options);
        _run = _server.RunAsync(_ended.Token);
    }

    public StreamableHttpServerTransport Transport { get; }

    public async ValueTask DisposeAsync()
    {
        await _ended.CancelAsync();
        await Transport.DisposeAsync();
        await _run.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await _server.DisposeAsync();
        _ended.Dispose();
    }
}
