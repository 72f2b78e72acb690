namespace Executor.Grains.Membership;

/// <summary>
/// What a silo does when it learns that the others have given it up. It fails as a service does whose work cannot go on: the process
/// stops, and does not drop dead. It still stores the answers to refreshes that it has sent. The store allows that, and a user's grant
/// may depend on it.
/// </summary>
internal sealed partial class OrderlyEnd(IHostApplicationLifetime host, ILogger<OrderlyEnd> logger) : BackgroundService, IFatalErrorHandler
{
    private readonly TaskCompletionSource _end = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public bool IsUnexpected(Exception exception) =>
        exception is not OperationCanceledException || !host.ApplicationStopping.IsCancellationRequested;

    public void OnFatalException(object? sender = null, string? context = null, Exception? exception = null)
    {
        Log.Ended(logger, context ?? "", exception?.GetType().Name ?? "");
        _end.TrySetException(new SiloEndedException());
    }

    protected override Task ExecuteAsync(CancellationToken stoppingToken) => _end.Task.WaitAsync(stoppingToken);

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Critical, Message = "The silo ends: {Context} {ExceptionType}")]
        public static partial void Ended(ILogger logger, string context, string exceptionType);
    }
}

internal sealed class SiloEndedException() : Exception("The cluster has given this silo up.");
