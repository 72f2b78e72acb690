using System.Security.Cryptography;
using System.Text;

namespace Executor.Security;

/// <summary>
/// Seals secrets for the store and opens them again. Thread-safe: keys are derived once, and each call has a cipher of its own,
/// because <see cref="AesGcm"/> promises nothing for concurrent use.
/// </summary>
public sealed class SecretBox(Keyring keyring)
{
    public bool HasKey => keyring.HasKey;

    /// <exception cref="EncryptionKeyMissingException">There is no current key.</exception>
    public byte[] Seal(string plaintext, in SealContext context)
    {
        Validate(context);
        var key = keyring.Current ?? throw new EncryptionKeyMissingException();
        var bytes = StrictUtf8.GetBytes(plaintext, nameof(plaintext));
        try
        {
            var envelope = new byte[Envelope.HeaderSize + bytes.Length];
            envelope[0] = Envelope.Version;
            key.Id.Write(envelope.AsSpan(1));
            var nonce = Envelope.Nonce(envelope);
            RandomNumberGenerator.Fill(nonce);
            using var cipher = new AesGcm(key.Sealing, Envelope.TagSize);
            cipher.Encrypt(nonce, bytes, Envelope.Ciphertext(envelope), Envelope.Tag(envelope), Envelope.AssociatedData(key.Id, context));
            return envelope;
        }
        finally
        {
            CryptographicOperations.ZeroMemory(bytes);
        }
    }

    public OpenResult Open(byte[] envelope, in SealContext context)
    {
        Validate(context);
        if (!keyring.HasKey)
            return OpenResult.KeyMissing.Instance;
        if (!Envelope.IsWellFormed(envelope))
            return new OpenResult.Undecryptable(UndecryptableReason.Corrupt, key: null);

        var id = Envelope.KeyIdOf(envelope);
        if (!keyring.TryFind(id, out var key))
            return new OpenResult.Undecryptable(UndecryptableReason.UnknownKey, id);

        var bytes = new byte[envelope.Length - Envelope.HeaderSize];
        try
        {
            using var cipher = new AesGcm(key.Sealing, Envelope.TagSize);
            cipher.Decrypt(Envelope.Nonce(envelope), Envelope.Ciphertext(envelope), Envelope.Tag(envelope), bytes, Envelope.AssociatedData(id, context));
            return new OpenResult.Opened(Encoding.UTF8.GetString(bytes));
        }
        catch (AuthenticationTagMismatchException)
        {
            return new OpenResult.Undecryptable(UndecryptableReason.Corrupt, id);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(bytes);
        }
    }

    /// <summary>The key that an envelope names, where this node does not have it; null for what is no envelope, or can be tried.</summary>
    public KeyId? UnknownKeyOf(ReadOnlySpan<byte> envelope) =>
        Envelope.IsWellFormed(envelope) && Envelope.KeyIdOf(envelope) is var id && !keyring.TryFind(id, out _) ? id : null;

    private static void Validate(in SealContext context)
    {
        if (!Enum.IsDefined(context.Purpose))
            throw new ArgumentException("A secret is sealed for a known purpose.", nameof(context));
        if (context.UserId <= 0 || string.IsNullOrEmpty(context.McpServerId))
            throw new ArgumentException("A secret is sealed for one user and one server.", nameof(context));
        if (context.Purpose != SecretPurpose.ClientSecret && context.Generation is null)
            throw new ArgumentException("A token is sealed for its generation.", nameof(context));
    }
}
