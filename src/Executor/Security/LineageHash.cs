using System.Buffers.Binary;
using System.Security.Cryptography;

namespace Executor.Security;

/// <summary>
/// Recognises a refresh token that was deposited before, without keeping it: key id (8), HMAC-SHA256 (32). Keyed, so that whoever
/// reads the database cannot test guesses; bound to user and server, so that equal tokens of two rows do not show as equal.
/// </summary>
public sealed class LineageHash(Keyring keyring)
{
    private const int Size = KeyId.Size + HMACSHA256.HashSizeInBytes;

    /// <exception cref="EncryptionKeyMissingException">There is no current key.</exception>
    public byte[] Compute(string token, long userId, string mcpServerId)
    {
        var key = keyring.Current ?? throw new EncryptionKeyMissingException();
        return Compute(key, token, userId, mcpServerId);
    }

    /// <summary>False as well if the key that made the hash is not in the keyring: the deposit then counts as a new one.</summary>
    public bool Matches(ReadOnlySpan<byte> stored, string token, long userId, string mcpServerId) =>
        stored.Length == Size
        && keyring.TryFind(KeyId.Read(stored), out var key)
        && CryptographicOperations.FixedTimeEquals(stored, Compute(key, token, userId, mcpServerId));

    // The token comes last and everything before it is of fixed length or preceded by its length: no two inputs encode alike.
    private static byte[] Compute(EncryptionKey key, string token, long userId, string mcpServerId)
    {
        var server = StrictUtf8.GetBytes(mcpServerId, nameof(mcpServerId));
        var secret = StrictUtf8.GetBytes(token, nameof(token));
        Span<byte> numbers = stackalloc byte[sizeof(long) + sizeof(int)];
        BinaryPrimitives.WriteInt64BigEndian(numbers, userId);
        BinaryPrimitives.WriteInt32BigEndian(numbers[sizeof(long)..], server.Length);
        try
        {
            using var mac = IncrementalHash.CreateHMAC(HashAlgorithmName.SHA256, key.Lineage);
            mac.AppendData(numbers);
            mac.AppendData(server);
            mac.AppendData(secret);
            var hash = new byte[Size];
            key.Id.Write(hash);
            mac.GetHashAndReset(hash.AsSpan(KeyId.Size));
            return hash;
        }
        finally
        {
            CryptographicOperations.ZeroMemory(secret);
        }
    }
}
