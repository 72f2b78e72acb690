using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;

namespace Executor.Security;

/// <summary>32 secret bytes, written as 64 hex digits or as standard base64. Shows nothing of itself but its <see cref="Id"/>.</summary>
public sealed class EncryptionKey
{
    private const int Size = 32;
    private const int HexLength = Size * 2;
    private const int Base64Length = 44;

    private EncryptionKey(byte[] bytes)
    {
        Id = KeyId.Read(Derive(bytes, "executor/key-id/v1"u8, KeyId.Size));
        Sealing = Derive(bytes, "executor/envelope/v1"u8, Size);
        Lineage = Derive(bytes, "executor/lineage/v1"u8, Size);
        CheckValue = Derive(bytes, "executor/key-check/v1"u8, Size);
        SiloAuthority = Derive(bytes, "executor/silo-authority/v1"u8, Size);
    }

    public KeyId Id { get; }

    internal byte[] Sealing { get; }

    internal byte[] Lineage { get; }

    /// <summary>Recognises the key. Derived one-way from 256 bits: whoever reads it is no nearer to the key, or to what it seals.</summary>
    internal byte[] CheckValue { get; }

    /// <summary>A private key, in effect: of the authority that signs the certificates of silos.</summary>
    internal byte[] SiloAuthority { get; }

    public static bool TryParse(string? text, [NotNullWhen(true)] out EncryptionKey? key)
    {
        var bytes = new byte[Size];
        try
        {
            key = TryDecode(text, bytes) ? new EncryptionKey(bytes) : null;
            return key is not null;
        }
        finally
        {
            CryptographicOperations.ZeroMemory(bytes);
        }
    }

    /// <exception cref="InvalidEncryptionKeyException">The text is not such a key; its message does not repeat the text.</exception>
    public static EncryptionKey Parse(string? text) =>
        TryParse(text, out var key) ? key : throw new InvalidEncryptionKeyException("The encryption key");

    public override string ToString() => nameof(EncryptionKey);

    // The text's length tells the two forms apart, and leaves no room for the white space that the base64 decoder would skip.
    private static bool TryDecode(string? text, Span<byte> bytes) => text?.Length switch
    {
        HexLength => Convert.FromHexString(text, bytes, out _, out _) == OperationStatus.Done,
        Base64Length => Convert.TryFromBase64String(text, bytes, out var written) && written == Size,
        _ => false,
    };

    private static byte[] Derive(ReadOnlySpan<byte> key, ReadOnlySpan<byte> info, int length)
    {
        var derived = new byte[length];
        HKDF.DeriveKey(HashAlgorithmName.SHA256, key, derived, salt: [], info);
        return derived;
    }
}
