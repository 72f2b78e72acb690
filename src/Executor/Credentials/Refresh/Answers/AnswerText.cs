using System.IO.Compression;
using System.Text;

namespace Executor.Credentials.Refresh;

/// <summary>
/// An answer's bytes without their wrapping. What they are is seen from themselves: headers are often wrong, and a strict provider does not
/// send its answer twice.
/// </summary>
internal static class AnswerText
{
    /// <summary>Before and after decoding.</summary>
    public const int MaxBytes = 256 * 1024;

    private const int MaxCodings = 3;

    private static ReadOnlySpan<byte> GzipMagic => [0x1F, 0x8B];

    /// <summary>Null when more comes out than may be.</summary>
    /// <param name="codings">Of <c>Content-Encoding</c>, in the order of the header.</param>
    public static ReadOnlyMemory<byte>? Decode(byte[] raw, IEnumerable<string> codings)
    {
        byte[]? bytes = raw;
        foreach (var coding in codings.Reverse().Take(MaxCodings))
        {
            bytes = Undo(bytes, coding.ToLowerInvariant());
            if (bytes is null)
                return null;
        }

        if (bytes.AsSpan().StartsWith(GzipMagic))
            bytes = Undo(bytes, "gzip"); // compressed on the way, and nobody says so
        return bytes is null ? null : Utf8(bytes);
    }

    private static byte[]? Undo(byte[] bytes, string coding)
    {
        switch (coding)
        {
            case "gzip" or "x-gzip":
                return Inflate(bytes, source => new GZipStream(source, CompressionMode.Decompress));
            case "br":
                return Inflate(bytes, source => new BrotliStream(source, CompressionMode.Decompress));
            case "deflate":
                // RFC 9110 §8.4.1.2: with the zlib wrapping; some servers leave it out.
                var unwrapped = Inflate(bytes, source => new ZLibStream(source, CompressionMode.Decompress));
                return unwrapped == bytes ? Inflate(bytes, source => new DeflateStream(source, CompressionMode.Decompress)) : unwrapped;
            default:
                return bytes;
        }
    }

    /// <summary>The bytes as they are when they are nothing of the kind; null when too many come out.</summary>
    private static byte[]? Inflate(byte[] bytes, Func<Stream, Stream> open)
    {
        try
        {
            using var inflated = open(new MemoryStream(bytes));
            var buffer = new byte[MaxBytes + 1];
            var length = inflated.ReadAtLeast(buffer, buffer.Length, throwOnEndOfStream: false);
            if (length == 0)
                return bytes;
            return length > MaxBytes ? null : buffer[..length];
        }
        catch (Exception broken) when (broken is InvalidDataException or InvalidOperationException or IOException)
        {
            return bytes;
        }
    }

    /// <summary>JSON begins with two ASCII characters: where their zero bytes are tells the encoding (RFC 4627 §3), with a BOM or without.</summary>
    private static ReadOnlyMemory<byte> Utf8(byte[] bytes)
    {
        ReadOnlySpan<byte> text = bytes;
        if (text.StartsWith(Encoding.UTF8.Preamble))
            return bytes.AsMemory(Encoding.UTF8.Preamble.Length);
        Encoding? encoding = text switch
        {
            [0xFF, 0xFE, 0, 0, ..] or [not 0, 0, 0, 0, ..] => Encoding.UTF32,
            [0, 0, 0xFE, 0xFF, ..] or [0, 0, 0, not 0, ..] => new UTF32Encoding(bigEndian: true, byteOrderMark: true),
            [0xFF, 0xFE, ..] or [not 0, 0, ..] => Encoding.Unicode,
            [0xFE, 0xFF, ..] or [0, not 0, ..] => Encoding.BigEndianUnicode,
            _ => null,
        };
        if (encoding is null)
            return bytes;
        return Encoding.UTF8.GetBytes(encoding.GetString(bytes).TrimStart('\uFEFF'));
    }
}
