using System.Net;
using System.Net.Http.Headers;
using System.Text;

namespace Executor.Mcp.Http.Answers;

/// <summary>
/// A server's answer as the SDK can read it: one well-formed event for each message. The SDK drops a whole answer for little: a media
/// type in capitals, an id in quotes, a nesting of 65, half a surrogate pair. The result of a tool that has run is lost with it. So a
/// call's result does not go through the SDK at all. It is kept in the call's scope, and the SDK learns only that it has come.
/// </summary>
internal sealed class AnswerContent : HttpContent
{
    private readonly HttpContent _inner;
    private readonly CallScope _scope;
    private readonly long? _request;

    /// <param name="request">The id of the request that is answered; null for a stream of the server's own messages.</param>
    public AnswerContent(HttpContent inner, CallScope scope, long? request)
    {
        if (inner.Headers.ContentLength is { } length)
            scope.Budget.Expect(length);
        _inner = inner;
        _scope = scope;
        _request = request;
        Headers.ContentType = new MediaTypeHeaderValue("text/event-stream");
    }

    protected override async Task<Stream> CreateContentReadStreamAsync() => await OpenAsync(CancellationToken.None);

    protected override async Task<Stream> CreateContentReadStreamAsync(CancellationToken cancellationToken) => await OpenAsync(cancellationToken);

    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) =>
        SerializeToStreamAsync(stream, context, CancellationToken.None);

    protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context, CancellationToken cancellationToken)
    {
        await using var events = await OpenAsync(cancellationToken);
        await events.CopyToAsync(stream, cancellationToken);
    }

    protected override bool TryComputeLength(out long length)
    {
        length = 0;
        return false;
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
            _inner.Dispose();
        base.Dispose(disposing);
    }

    private async Task<AnswerStream> OpenAsync(CancellationToken cancellationToken)
    {
        var decoded = ContentDecoding.Open(await _inner.ReadAsStreamAsync(cancellationToken), _inner.Headers.ContentEncoding);
        var capped = new CappedStream(decoded, _scope, _scope.Budget);
        return new AnswerStream(capped, Charset(_inner), _scope, _request);
    }

    /// <summary>Null for what nobody knows, such as <c>utf8</c>: it is UTF-8 then, as JSON is.</summary>
    public static Encoding? Charset(HttpContent content)
    {
        try
        {
            return content.Headers.ContentType?.CharSet is { Length: > 0 } name ? Encoding.GetEncoding(name.Trim('"')) : null;
        }
        catch (ArgumentException)
        {
            return null;
        }
    }
}
