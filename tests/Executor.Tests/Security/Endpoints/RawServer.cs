using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Executor.Tests.Security.Endpoints;

/// <summary>Counts connections and keeps each request's raw text. Answers with <see cref="Answer"/>, or closes without one.</summary>
internal sealed class RawServer : IDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _stop = new();
    private readonly List<string> _requests = [];
    private int _connections;

    public RawServer()
    {
        _listener.Start();
        _ = AcceptAsync();
    }

    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    public int Connections => Volatile.Read(ref _connections);

    public string? Answer { get; set; } = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

    public IReadOnlyList<string> Requests
    {
        get
        {
            lock (_requests)
                return [.. _requests];
        }
    }

    public void Dispose()
    {
        _stop.Cancel();
        _listener.Dispose();
        _stop.Dispose();
    }

    private async Task AcceptAsync()
    {
        while (!_stop.IsCancellationRequested)
        {
            try
            {
                var socket = await _listener.AcceptSocketAsync(_stop.Token);
                Interlocked.Increment(ref _connections);
                _ = ServeAsync(socket);
            }
            catch (Exception exception) when (exception is OperationCanceledException or SocketException or ObjectDisposedException)
            {
                return; // stopped
            }
        }
    }

    private async Task ServeAsync(Socket socket)
    {
        using var connection = socket;
        var buffer = new byte[16 * 1024];
        int read;
        while ((read = await connection.ReceiveAsync(buffer)) > 0)
        {
            lock (_requests)
                _requests.Add(Encoding.ASCII.GetString(buffer, 0, read));
            if (Answer is not { } answer)
                return;
            await connection.SendAsync(Encoding.ASCII.GetBytes(answer));
        }
    }
}
