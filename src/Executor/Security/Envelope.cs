using System.Buffers.Binary;

namespace Executor.Security;

/// <summary>
/// The bytes of a sealed secret: version (1), key id (8), nonce (12), tag (16), ciphertext. The tag's length is fixed here:
/// a shorter one, which AES-GCM would allow, is far easier to forge.
/// </summary>
internal static class Envelope
{
    public const byte Version = 1;
    public const int NonceSize = 12;
    public const int TagSize = 16;
    public const int HeaderSize = 1 + KeyId.Size + NonceSize + TagSize;

    private const int NonceOffset = 1 + KeyId.Size;
    private const int TagOffset = NonceOffset + NonceSize;

    public static bool IsWellFormed(ReadOnlySpan<byte> envelope) => envelope.Length >= HeaderSize && envelope[0] == Version;

    public static KeyId KeyIdOf(ReadOnlySpan<byte> envelope) => KeyId.Read(envelope[1..]);

    public static Span<byte> Nonce(Span<byte> envelope) => envelope.Slice(NonceOffset, NonceSize);

    public static Span<byte> Tag(Span<byte> envelope) => envelope.Slice(TagOffset, TagSize);

    public static Span<byte> Ciphertext(Span<byte> envelope) => envelope[HeaderSize..];

    /// <summary>
    /// Every part is of fixed length or preceded by its length, so that no two contexts encode alike. Version and key id are
    /// bound too: rewriting either leaves an envelope that does not open.
    /// </summary>
    public static byte[] AssociatedData(KeyId key, in SealContext context)
    {
        var server = StrictUtf8.GetBytes(context.McpServerId, nameof(context));
        var data = new byte[1 + KeyId.Size + 1 + sizeof(long) + sizeof(int) + server.Length + 1 + sizeof(long)];
        data[0] = Version;
        key.Write(data.AsSpan(1));
        var rest = data.AsSpan(1 + KeyId.Size);
        rest[0] = (byte)context.Purpose;
        BinaryPrimitives.WriteInt64BigEndian(rest[1..], context.UserId);
        BinaryPrimitives.WriteInt32BigEndian(rest[(1 + sizeof(long))..], server.Length);
        rest = rest[(1 + sizeof(long) + sizeof(int))..];
        server.CopyTo(rest);
        rest = rest[server.Length..];
        rest[0] = context.Generation.HasValue ? (byte)1 : (byte)0;
        BinaryPrimitives.WriteInt64BigEndian(rest[1..], context.Generation.GetValueOrDefault());
        return data;
    }
}
