using System.Globalization;
using System.Net.Sockets;
using System.Text;

namespace Executor.Tests.Infrastructure;

/// <summary>HTTP as bytes, for what a client library would not send.</summary>
internal static class RawHttp
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    public static async Task<int> StatusAsync(Uri address, string request) => (await AskAsync(address, [Encoding.UTF8.GetBytes(request)])).Status;

    public static async Task<int> StatusAsync(Uri address, IEnumerable<byte[]> parts) => (await AskAsync(address, parts)).Status;

    /// <summary>Sends the parts and reads what comes back until a whole answer is there or the server closes.</summary>
    public static async Task<RawAnswer> AskAsync(Uri address, IEnumerable<byte[]> parts)
    {
        using var limit = new CancellationTokenSource(Patience);
        using var client = new TcpClient();
        await client.ConnectAsync(address.Host, address.Port, limit.Token);
        var stream = client.GetStream();
        var reading = ReadAsync(stream, limit.Token);
        try
        {
            foreach (var part in parts)
                await stream.WriteAsync(part, limit.Token);
        }
        catch (IOException)
        {
            // The server has answered and stopped listening: the answer is what counts.
        }

        return await reading;
    }

    private static async Task<RawAnswer> ReadAsync(NetworkStream stream, CancellationToken cancellationToken)
    {
        var text = new StringBuilder();
        var buffer = new byte[16 * 1024];
        while (!RawAnswer.IsWhole(text))
        {
            int read;
            try
            {
                read = await stream.ReadAsync(buffer, cancellationToken);
            }
            catch (IOException)
            {
                read = 0; // reset: closed, only ruder
            }

            if (read == 0)
                break;
            text.Append(Encoding.UTF8.GetString(buffer, 0, read));
        }

        return new RawAnswer(text.ToString());
    }
}

/// <param name="Text">Head and body as they came; empty when the server closed without a word.</param>
internal readonly record struct RawAnswer(string Text)
{
    private const string EndOfHead = "\r\n\r\n";

    /// <summary>0 where there is no answer.</summary>
    public int Status => Text.StartsWith("HTTP/1.1 ", StringComparison.Ordinal) ? int.Parse(Text.AsSpan(9, 3), CultureInfo.InvariantCulture) : 0;

    public string Head => Text.Split(EndOfHead)[0];

    /// <summary>The node's answers fit one chunk.</summary>
    public string Body
    {
        get
        {
            var body = Text[(Text.IndexOf(EndOfHead, StringComparison.Ordinal) + EndOfHead.Length)..];
            var start = body.IndexOf('{', StringComparison.Ordinal);
            return start < 0 ? "" : body[start..(body.LastIndexOf('}') + 1)];
        }
    }

    public bool Closes => Text.Length == 0 || Head.Contains("Connection: close", StringComparison.OrdinalIgnoreCase);

    internal static bool IsWhole(StringBuilder text)
    {
        var answer = text.ToString();
        var head = answer.IndexOf(EndOfHead, StringComparison.Ordinal);
        if (head < 0)
            return false;
        if (answer.AsSpan(0, head).Contains("chunked", StringComparison.OrdinalIgnoreCase))
            return answer.EndsWith("\r\n0\r\n\r\n", StringComparison.Ordinal);
        const string Length = "\r\nContent-Length: ";
        var length = answer.IndexOf(Length, StringComparison.OrdinalIgnoreCase);
        return length < 0 || length > head
            || answer.Length - head - EndOfHead.Length >= int.Parse(answer.AsSpan((length + Length.Length)..).ToString().Split('\r')[0], CultureInfo.InvariantCulture);
    }
}
