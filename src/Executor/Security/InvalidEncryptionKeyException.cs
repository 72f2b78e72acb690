namespace Executor.Security;

/// <summary>A configured text is not an encryption key. Never carries the text.</summary>
public sealed class InvalidEncryptionKeyException : Exception
{
    internal InvalidEncryptionKeyException(string name)
        : base($"{name} must be 32 bytes, written as 64 hex digits or as base64.")
    {
    }
}
