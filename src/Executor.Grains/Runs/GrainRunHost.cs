using System.Collections.Concurrent;
using Executor.Runs;
using Executor.Runs.Driving;

namespace Executor.Grains.Runs;

/// <summary>
/// Has each run that this silo has claimed driven by its grain, on this silo. The grain may still be on another silo, about to leave, or
/// busy with a call of a claim that it has lost. Then the run is driven beside it, and nobody waits for a silo that may be cut off. Two
/// drivers are harmless: the older one's fence refuses what it writes.
/// </summary>
internal sealed partial class GrainRunHost(IGrainFactory grains, ILogger<GrainRunHost> logger) : IRunHost
{
    /// <summary>A grain of this silo answers at once.</summary>
    private static readonly TimeSpan _patience = TimeSpan.FromSeconds(2);

    private readonly ConcurrentDictionary<Guid, Drive> _offers = new();

    public async Task HostAsync(RunId run, Func<Task> drive)
    {
        var offer = Guid.NewGuid();
        var offered = new Drive(drive);
        _offers[offer] = offered;
        try
        {
            await grains.GetGrain<IWorkflowRunGrain>(run.Value).DriveAsync(offer).AsTask().WaitAsync(_patience);
        }
        catch (Exception fault)
        {
            // Whatever it was, the call may have arrived or not.
            Log.NotAnswered(logger, run, fault.GetType().Name);
        }

        if (Take(offer) is { } untaken)
            await untaken.RunAsync();
        else
            await offered.Ended;
    }

    /// <summary>To be driven by whoever gets it; null for all others.</summary>
    public Drive? Take(Guid offer) => _offers.TryRemove(offer, out var drive) ? drive : null;

    internal sealed class Drive(Func<Task> drive)
    {
        private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task Ended => _ended.Task;

        public async Task RunAsync()
        {
            try
            {
                await drive();
            }
            finally
            {
                _ended.TrySetResult();
            }
        }
    }

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Debug, Message = "The grain of run {Run} did not answer ({ExceptionType})")]
        public static partial void NotAnswered(ILogger logger, RunId run, string exceptionType);
    }
}
