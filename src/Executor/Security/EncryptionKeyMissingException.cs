namespace Executor.Security;

/// <summary>Something had to be sealed, and the node has no current encryption key.</summary>
public sealed class EncryptionKeyMissingException : Exception
{
    public const string Code = "executor_encryption_key_missing";

    internal EncryptionKeyMissingException()
        : base("No encryption key is configured.")
    {
    }
}
