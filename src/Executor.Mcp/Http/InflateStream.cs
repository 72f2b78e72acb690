using System.IO.Compression;

namespace Executor.Mcp.Http;

/// <summary>
/// <c>deflate</c>: the zlib format by RFC 9110 §8.4.1.2, and bare deflate from some servers. The first byte tells: the compression method
/// of a zlib header is 8, with which no bare stream of theirs begins.
/// </summary>
internal sealed class InflateStream(Stream body) : ReadOnlyStream
{
    private Stream? _inflated;

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (_inflated is null)
        {
            var first = new byte[1];
            _inflated = Choose(first, await body.ReadAsync(first, cancellationToken));
        }

        return await _inflated.ReadAsync(buffer, cancellationToken);
    }

    public override int Read(byte[] buffer, int offset, int count)
    {
        if (_inflated is null)
        {
            var first = new byte[1];
            _inflated = Choose(first, body.Read(first));
        }

        return _inflated.Read(buffer, offset, count);
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
            (_inflated ?? body).Dispose();
        base.Dispose(disposing);
    }

    private Stream Choose(byte[] first, int read)
    {
        var whole = new Prefixed(first.AsMemory(0, read), body);
        return read == 1 && (first[0] & 0x0f) == 8
            ? new ZLibStream(whole, CompressionMode.Decompress)
            : new DeflateStream(whole, CompressionMode.Decompress);
    }

    private sealed class Prefixed(ReadOnlyMemory<byte> prefix, Stream rest) : ReadOnlyStream
    {
        private ReadOnlyMemory<byte> _prefix = prefix;

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
            TakePrefix(buffer.Span) is var taken and > 0 ? taken : await rest.ReadAsync(buffer, cancellationToken);

        public override int Read(byte[] buffer, int offset, int count) =>
            TakePrefix(buffer.AsSpan(offset, count)) is var taken and > 0 ? taken : rest.Read(buffer, offset, count);

        protected override void Dispose(bool disposing)
        {
            if (disposing)
                rest.Dispose();
            base.Dispose(disposing);
        }

        private int TakePrefix(Span<byte> buffer)
        {
            var count = Math.Min(buffer.Length, _prefix.Length);
            _prefix.Span[..count].CopyTo(buffer);
            _prefix = _prefix[count..];
            return count;
        }
    }
}
