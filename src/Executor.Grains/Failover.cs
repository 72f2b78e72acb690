namespace Executor.Grains;

/// <summary>What to do when a silo does not answer, or answers that it cannot.</summary>
internal sealed partial class Failover(ILogger<Failover> logger)
{
    /// <param name="call">To a grain; null is the answer of a silo that cannot.</param>
    /// <param name="instead">The same, without the cluster.</param>
    /// <param name="cancellationToken">Of the caller, who is not answered once it is cancelled.</param>
    public async Task<T> CallAsync<T>(Func<Task<T?>> call, Func<Task<T>> instead, CancellationToken cancellationToken)
    {
        try
        {
            if (await call() is { } answer)
                return answer;
        }
        catch (Exception fault) when (!cancellationToken.IsCancellationRequested)
        {
            // Whatever it was: a rejection carries any exception, and what is asked instead has its own.
            Log.NotAnswered(logger, fault.GetType().Name);
        }

        return await instead();
    }

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Debug, Message = "A silo did not answer ({ExceptionType}); this silo does it instead")]
        public static partial void NotAnswered(ILogger logger, string exceptionType);
    }
}
