using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Executor.Runs.Scheduling;

/// <summary>Deletes finished runs after their retention, a little at a time: a long transaction would hold everybody up.</summary>
internal sealed partial class RunPruner(
    IRunStore store, IOptions<RunOptions> options, TimeProvider time, ILogger<RunPruner> logger) : BackgroundService
{
    public const int Batch = 200;

    private static readonly TimeSpan _interval = TimeSpan.FromHours(1);
    private static readonly TimeSpan _breath = TimeSpan.FromMilliseconds(100);

    public async Task PruneAsync(CancellationToken cancellationToken)
    {
        var before = time.GetUtcNow() - TimeSpan.FromDays(options.Value.RetentionDays);
        var pruned = 0;
        for (var last = Batch; last == Batch; pruned += last)
        {
            if (pruned > 0)
                await Task.Delay(_breath, time, cancellationToken);
            last = await store.PruneAsync(before, Batch, cancellationToken);
        }

        if (pruned > 0)
            Log.Pruned(logger, pruned);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                await PruneAsync(stoppingToken);
            }
            catch (Exception fault) when (!stoppingToken.IsCancellationRequested)
            {
                // Whatever it was, the node lives on without this round.
                Log.Fault(logger, fault is StoreUnavailableException ? LogLevel.Debug : LogLevel.Warning, fault.GetType().Name);
            }

            await Task.Delay(_interval, time, stoppingToken);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Information, Message = "{Runs} finished runs were deleted after their retention")]
        public static partial void Pruned(ILogger logger, int runs);

        [LoggerMessage(Message = "Deleting finished runs ended with {ExceptionType}; it is tried again")]
        public static partial void Fault(ILogger logger, LogLevel level, string exceptionType);
    }
}
