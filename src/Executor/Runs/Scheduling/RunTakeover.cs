using Executor.Nodes;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Executor.Runs.Scheduling;

/// <summary>Puts the runs of lost nodes back into the queue. Their fence protects them from a node that was only slow.</summary>
internal sealed partial class RunTakeover(
    IRunStore store,
    INodeLiveness liveness,
    RunMetrics metrics,
    IOptions<NodeOptions> options,
    TimeProvider time,
    ILogger<RunTakeover> logger) : BackgroundService
{
    public Task LookAsync(CancellationToken cancellationToken) => TakeOverAsync(liveness.IsSuspect, cancellationToken);

    /// <param name="isLost">Told of every other incarnation that owns a run.</param>
    /// <param name="cancellationToken">Between its two queries.</param>
    public async Task TakeOverAsync(Func<NodeRef, bool> isLost, CancellationToken cancellationToken)
    {
        var owners = await store.FindOwnersAsync(cancellationToken);
        var lost = owners.Where(owner => owner != liveness.Self && isLost(owner)).ToList();
        if (lost.Count == 0)
            return;
        var released = await store.ReleaseAsync(lost, cancellationToken);
        metrics.TakenOver(released);
        Log.Released(logger, released, lost.Count);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                await LookAsync(stoppingToken);
            }
            catch (Exception fault) when (!stoppingToken.IsCancellationRequested)
            {
                // Whatever it was, the node lives on without this round.
                Log.Fault(logger, fault is StoreUnavailableException ? LogLevel.Debug : LogLevel.Warning, fault.GetType().Name);
            }

            await Task.Delay(options.Value.Lease / 5, time, stoppingToken);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Warning, Message = "{Runs} runs of {Nodes} lost node incarnations were put back into the queue")]
        public static partial void Released(ILogger logger, int runs, int nodes);

        [LoggerMessage(Message = "Looking for runs of lost nodes ended with {ExceptionType}; it is tried again")]
        public static partial void Fault(ILogger logger, LogLevel level, string exceptionType);
    }
}
