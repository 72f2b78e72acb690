using System.IO.Compression;

namespace Executor.Mcp.Http;

/// <summary>
/// Undoes a <c>Content-Encoding</c> (RFC 9110 §8.4) that nobody asked for. A gateway in between may compress whatever it passes on, and
/// no complete answer must be lost for it. What comes out is counted, so that a small body cannot become a huge one.
/// </summary>
internal static class ContentDecoding
{
    private const int MaxLayers = 3;

    public static Stream Open(Stream body, ICollection<string> encodings)
    {
        var layers = encodings.Where(encoding => !Is(encoding, "identity")).ToList();
        if (layers.Count > MaxLayers)
            throw new UnknownEncodingException();
        // Listed in the order in which they were applied.
        for (var i = layers.Count - 1; i >= 0; i--)
            body = Decode(body, layers[i]);
        return body;
    }

    private static Stream Decode(Stream body, string encoding)
    {
        if (Is(encoding, "gzip") || Is(encoding, "x-gzip"))
            return new GZipStream(body, CompressionMode.Decompress);
        if (Is(encoding, "br"))
            return new BrotliStream(body, CompressionMode.Decompress);
        if (Is(encoding, "deflate"))
            return new InflateStream(body);
        throw new UnknownEncodingException();
    }

    private static bool Is(string encoding, string name) => string.Equals(encoding.Trim(), name, StringComparison.OrdinalIgnoreCase);
}
