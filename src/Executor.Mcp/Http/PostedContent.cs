using System.Net;

namespace Executor.Mcp.Http;

/// <summary>
/// The message to post, with its length (the SDK's own content is chunked, which some gateways refuse), and the proof whether any of it
/// was handed to a connection: as long as none was, the server cannot have run anything.
/// </summary>
internal sealed class PostedContent : HttpContent
{
    private readonly byte[] _message;
    private readonly CallScope _scope;

    private PostedContent(byte[] message, CallScope scope)
    {
        _message = message;
        _scope = scope;
    }

    public static async Task<PostedContent> FromAsync(HttpContent content, CallScope scope, CancellationToken cancellationToken)
    {
        var posted = new PostedContent(await content.ReadAsByteArrayAsync(cancellationToken), scope);
        posted.Headers.ContentType = content.Headers.ContentType;
        return posted;
    }

    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) =>
        SerializeToStreamAsync(stream, context, CancellationToken.None);

    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context, CancellationToken cancellationToken)
    {
        _scope.Sent = true;
        return stream.WriteAsync(_message, cancellationToken).AsTask();
    }

    protected override bool TryComputeLength(out long length)
    {
        length = _message.Length;
        return true;
    }
}
