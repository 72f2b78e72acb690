using System.Net.Sockets;
using System.Text;

namespace Executor.Tests.Infrastructure;

/// <summary>HTTP as bytes, for what a client library would not send.</summary>
public static class RawHttp
{
    public static async Task<int> StatusAsync(Uri address, string request) => await StatusAsync(address, [Encoding.UTF8.GetBytes(request)]);

    public static async Task<int> StatusAsync(Uri address, IEnumerable<byte[]> parts)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        using var client = new TcpClient();
        await client.ConnectAsync(address.Host, address.Port, limit.Token);
        var stream = client.GetStream();
        var reading = ReadLineAsync(stream, limit.Token);
        try
        {
            foreach (var part in parts)
                await stream.WriteAsync(part, limit.Token);
        }
        catch (IOException)
        {
            // The server has answered and stopped listening: the answer is what counts.
        }

        return int.Parse((await reading).Split(' ')[1]);
    }

    private static async Task<string> ReadLineAsync(NetworkStream stream, CancellationToken cancellationToken)
    {
        using var reader = new StreamReader(stream, Encoding.ASCII, leaveOpen: true);
        return await reader.ReadLineAsync(cancellationToken) ?? throw new IOException("No answer.");
    }
}
