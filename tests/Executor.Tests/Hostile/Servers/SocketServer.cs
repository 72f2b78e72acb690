using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Executor.Tests.Hostile.Servers;

/// <summary>A server that reads one request per connection and then writes whatever the test says: what no HTTP library would.</summary>
internal sealed class SocketServer : IDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _stop = new();
    private long _written;
    private int _requests;

    public SocketServer()
    {
        _listener.Start();
        Serving = AcceptAsync();
    }

    public delegate Task Answering(Func<string, Task> write, CancellationToken stop);

    public Answering Answer { get; set; } = (_, _) => Task.CompletedTask;

    public Task Serving { get; }

    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    public int Requests => Volatile.Read(ref _requests);

    /// <summary>Bytes that a client took, or that wait in the buffers between.</summary>
    public long Written => Interlocked.Read(ref _written);

    public void Dispose()
    {
        _stop.Cancel();
        _listener.Dispose();
        _stop.Dispose();
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
                _ = ServeAsync(await _listener.AcceptTcpClientAsync(_stop.Token));
        }
        catch (Exception ended) when (ended is OperationCanceledException or SocketException or ObjectDisposedException)
        {
            // Stopped.
        }
    }

    private async Task ServeAsync(TcpClient client)
    {
        using var connection = client;
        try
        {
            var stream = client.GetStream();
            await ReadRequestAsync(stream);
            Interlocked.Increment(ref _requests);
            await Answer(
                async text =>
                {
                    var bytes = Encoding.Latin1.GetBytes(text);
                    await stream.WriteAsync(bytes, _stop.Token);
                    Interlocked.Add(ref _written, bytes.Length);
                },
                _stop.Token);
        }
        catch (Exception ended) when (ended is OperationCanceledException or IOException or ObjectDisposedException)
        {
            // The client hung up, or the test is over.
        }
    }

    private async Task ReadRequestAsync(NetworkStream stream)
    {
        var text = "";
        var buffer = new byte[16 * 1024];
        while (!IsWhole(text))
        {
            var read = await stream.ReadAsync(buffer, _stop.Token);
            if (read == 0)
                throw new IOException("The client said nothing.");
            text += Encoding.Latin1.GetString(buffer, 0, read);
        }
    }

    private static bool IsWhole(string text)
    {
        const string Length = "Content-Length: ";
        var head = text.IndexOf("\r\n\r\n", StringComparison.Ordinal);
        var length = text.IndexOf(Length, StringComparison.Ordinal);
        return head >= 0 && (length < 0 || text.Length - head - 4 >= int.Parse(text[(length + Length.Length)..text.IndexOf('\r', length)]));
    }
}
