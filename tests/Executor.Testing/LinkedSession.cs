using System.Net;
using System.Net.Sockets;

namespace Executor.Testing;

/// <summary>One connection through a <see cref="DatabaseLink"/>.</summary>
internal sealed class LinkedSession(Socket node, LinkGates gates, Func<LostCommit?> trap) : IDisposable
{
    private readonly Socket _server = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
    private readonly CancellationTokenSource _end = new();
    private readonly LostCommit.Watch _watch = new();

    /// <summary>Ends both sides at once, without a farewell.</summary>
    public void Reset()
    {
        try
        {
            _end.Cancel();
        }
        catch (ObjectDisposedException)
        {
            // It has ended by itself.
        }
    }

    public void Dispose()
    {
        // Zero seconds to linger: a reset. After both sides have said goodbye it makes no difference.
        foreach (var socket in new[] { node, _server })
        {
            socket.LingerState = new LingerOption(true, 0);
            socket.Dispose();
        }

        _end.Dispose();
    }

    public async Task RunAsync(int port)
    {
        try
        {
            node.NoDelay = true;
            await _server.ConnectAsync(new IPEndPoint(IPAddress.Loopback, port), _end.Token);
            await Task.WhenAll(
                PumpAsync(node, _server, gates.Requests, chunk => { _watch.Request(trap(), chunk); return false; }),
                PumpAsync(_server, node, gates.Answers, chunk => _watch.Answer(trap(), chunk)));
        }
        catch (Exception fault) when (fault is SocketException or OperationCanceledException)
        {
            // Reset, or nobody is there.
        }
    }

    private async Task PumpAsync(Socket from, Socket to, LinkGate gate, Func<ReadOnlyMemory<byte>, bool> isLost)
    {
        try
        {
            var buffer = new byte[65_536];
            while (await from.ReceiveAsync(buffer, _end.Token) is > 0 and var count)
            {
                await gate.PassAsync(_end.Token);
                if (isLost(buffer.AsMemory(0, count)))
                {
                    await _end.CancelAsync();
                    return;
                }

                for (var sent = 0; sent < count;)
                    sent += await to.SendAsync(buffer.AsMemory(sent, count - sent), _end.Token);
            }

            await gate.PassAsync(_end.Token);
            to.Shutdown(SocketShutdown.Send);
        }
        catch
        {
            // The other direction ends with this one.
            await _end.CancelAsync();
            throw;
        }
    }
}

/// <summary>Where both directions of a link's sessions wait.</summary>
internal sealed class LinkGates
{
    public LinkGate Requests { get; } = new();

    public LinkGate Answers { get; } = new();

    public void Close()
    {
        Requests.Close();
        Answers.Close();
    }

    public void Open()
    {
        Requests.Open();
        Answers.Open();
    }
}

/// <summary>Open, or closed until it is opened again.</summary>
internal sealed class LinkGate
{
    private readonly Lock _lock = new();
    private TaskCompletionSource? _closed;

    public void Close()
    {
        lock (_lock)
            _closed ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
    }

    public void Open()
    {
        lock (_lock)
        {
            _closed?.SetResult();
            _closed = null;
        }
    }

    public Task PassAsync(CancellationToken cancellationToken)
    {
        lock (_lock)
            return _closed?.Task.WaitAsync(cancellationToken) ?? Task.CompletedTask;
    }
}
