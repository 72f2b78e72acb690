namespace Executor.Silo.Hosting;

/// <summary>
/// A silo that learns that the others have given it up stops, but does not drop dead: answers to refreshes that have been sent are
/// still stored, which the store allows and a user's grant may depend on.
/// </summary>
internal sealed partial class OrderlyEnd(IHostApplicationLifetime host, ILogger<OrderlyEnd> logger) : IFatalErrorHandler
{
    public bool IsUnexpected(Exception exception) => exception is not OperationCanceledException;

    public void OnFatalException(object? sender = null, string? context = null, Exception? exception = null)
    {
        Log.Ended(logger, context ?? "", exception?.GetType().Name ?? "");
        host.StopApplication();
    }

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Critical, Message = "The silo ends: {Context} {ExceptionType}")]
        public static partial void Ended(ILogger logger, string context, string exceptionType);
    }
}
