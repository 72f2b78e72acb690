using System.Net;
using System.Net.Http.Headers;
using System.Text;

namespace Executor.Credentials.Refresh;

/// <summary>
/// The body of a refresh request. It asks for permission at the last moment there is: the connection stands, TLS included, and the next
/// write would send the refresh token. It can be written once only. So nothing below, such as a handler that retries on a stale
/// connection, can send the token a second time.
/// </summary>
internal sealed class PermittedContent : HttpContent
{
    private readonly byte[] _body;
    private readonly Func<CancellationToken, Task<bool>> _mayWrite;
    private int _used;

    public PermittedContent(string body, Func<CancellationToken, Task<bool>> mayWrite)
    {
        _body = Encoding.ASCII.GetBytes(body);
        _mayWrite = mayWrite;
        Headers.ContentType = new MediaTypeHeaderValue("application/x-www-form-urlencoded");
    }

    /// <summary>From here on the token may have been spent.</summary>
    public bool Written { get; private set; }

    /// <summary>The permission was asked for and refused.</summary>
    public bool Refused { get; private set; }

    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) =>
        SerializeToStreamAsync(stream, context, CancellationToken.None);

    protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context, CancellationToken cancellationToken)
    {
        if (Interlocked.Exchange(ref _used, 1) != 0)
            throw new InvalidOperationException("A refresh request is written once.");
        if (!await _mayWrite(cancellationToken))
        {
            Refused = true;
            throw new InvalidOperationException("The permit to send was lost.");
        }

        Written = true;
        await stream.WriteAsync(_body, cancellationToken);
    }

    protected override bool TryComputeLength(out long length)
    {
        length = _body.Length;
        return true;
    }
}
