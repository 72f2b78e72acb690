using System.Net;

namespace Executor.Mcp.Http;

/// <summary>An answer that stops being read when its scope has had enough: an endless one cannot fill the memory.</summary>
internal sealed class CappedContent : HttpContent
{
    private readonly HttpContent _inner;
    private readonly CallScope _scope;
    private readonly ByteBudget _budget;

    public CappedContent(HttpContent inner, CallScope scope, ByteBudget budget)
    {
        if (inner.Headers.ContentLength is { } length)
            budget.Expect(length);
        _inner = inner;
        _scope = scope;
        _budget = budget;
        // Not its length: with one the buffer is allocated ahead of the bytes.
        Headers.ContentType = inner.Headers.ContentType;
    }

    protected override async Task<Stream> CreateContentReadStreamAsync() => await OpenAsync(CancellationToken.None);

    protected override async Task<Stream> CreateContentReadStreamAsync(CancellationToken cancellationToken) => await OpenAsync(cancellationToken);

    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) =>
        SerializeToStreamAsync(stream, context, CancellationToken.None);

    protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context, CancellationToken cancellationToken)
    {
        await using var capped = await OpenAsync(cancellationToken);
        await capped.CopyToAsync(stream, cancellationToken);
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

    private async Task<CappedStream> OpenAsync(CancellationToken cancellationToken) =>
        new(ContentDecoding.Open(await _inner.ReadAsStreamAsync(cancellationToken), _inner.Headers.ContentEncoding), _scope, _budget);
}
