namespace Executor.Storage;

/// <summary>The storage cannot start as it is configured. The message is for an operator and names no secret.</summary>
public sealed class StorageStartException : Exception
{
    public StorageStartException()
        : this("The storage cannot start.")
    {
    }

    public StorageStartException(string message)
        : base(message)
    {
    }

    public StorageStartException(string message, Exception innerException)
        : base(message, innerException)
    {
    }
}
