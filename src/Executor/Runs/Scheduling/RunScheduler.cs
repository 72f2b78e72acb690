using Executor.Nodes;
using Executor.Runs.Driving;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Executor.Runs.Scheduling;

/// <summary>
/// Looks for runs when it is told that there are some, when room was freed, and when the next one is due. Now and then it looks in any
/// case: the word may have been lost.
/// </summary>
internal sealed partial class RunScheduler(
    RunClaimer claimer,
    RunCrew crew,
    SchedulerSignal wake,
    IChangeFeed changes,
    NodeState state,
    IOptions<RunOptions> options,
    TimeProvider time,
    ILogger<RunScheduler> logger) : BackgroundService, IRunDrain
{
    private static readonly TimeSpan _databasePause = TimeSpan.FromSeconds(1);

    private readonly Lock _gate = new();
    private Task? _drained;

    public Task DrainAsync()
    {
        state.MoveTo(NodePhase.Draining);
        lock (_gate)
            return _drained ??= DrainOnceAsync();
    }

    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await DrainAsync().WaitAsync(cancellationToken).Ended();
        await base.StopAsync(cancellationToken);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var subscription = changes.Subscribe(Hear);
        using var end = CancellationTokenSource.CreateLinkedTokenSource(stoppingToken, state.Draining);
        var swept = time.GetTimestamp();
        while (!end.IsCancellationRequested)
        {
            var sweep = time.GetElapsedTime(swept) >= options.Value.Sweep;
            if (sweep)
                swept = time.GetTimestamp();
            var pause = await LookAsync(sweep, end.Token);
            var untilSweep = options.Value.Sweep - time.GetElapsedTime(swept);
            await wake.Signal.WaitAsync(pause < untilSweep ? pause.Value : untilSweep, end.Token);
        }
    }

    private async Task DrainOnceAsync()
    {
        // Nothing is claimed any more once the loop has ended.
        if (ExecuteTask is { } loop)
            await loop.Ended();
        await crew.DrainAsync(options.Value.StopTimeout);
    }

    private void Hear(Change change)
    {
        switch (change)
        {
            case Change.Run run:
                crew.Tell(run.Id);
                break;
            case Change.RunsReady:
                wake.Signal.Set();
                break;
            case Change.Gap:
                crew.TellAll();
                wake.Signal.Set();
                break;
        }
    }

    /// <summary>The loop survives whatever happens in it; a fault costs a pause.</summary>
    private async Task<TimeSpan?> LookAsync(bool sweep, CancellationToken cancellationToken)
    {
        try
        {
            if (sweep)
            {
                await claimer.FindForgottenAsync(cancellationToken);
                await claimer.RefreshWaitingAsync(cancellationToken);
            }

            return await claimer.FillAsync(cancellationToken);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            return null;
        }
        catch (Exception fault)
        {
            Log.Fault(logger, fault is StoreUnavailableException ? LogLevel.Debug : LogLevel.Warning, fault.GetType().Name);
            return _databasePause;
        }
    }

    private static partial class Log
    {
        [LoggerMessage(Message = "Looking for runs ended with {ExceptionType}; it is tried again")]
        public static partial void Fault(ILogger logger, LogLevel level, string exceptionType);
    }
}
