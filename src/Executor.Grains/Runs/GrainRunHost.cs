using System.Collections.Concurrent;
using Executor.Runs;
using Executor.Runs.Driving;

namespace Executor.Grains.Runs;

/// <summary>Has each run that this silo has claimed driven by its grain, on this silo.</summary>
internal sealed partial class GrainRunHost(IGrainFactory grains, ILogger<GrainRunHost> logger) : IRunHost
{
    private readonly ConcurrentDictionary<Guid, Drive> _offers = new();

    public async Task HostAsync(RunId run, Func<Task> drive, Func<Task> giveBack)
    {
        var offer = Guid.NewGuid();
        var offered = new Drive(drive);
        _offers[offer] = offered;
        try
        {
            await grains.GetGrain<IWorkflowRunGrain>(run.Value).DriveAsync(offer);
        }
        catch (Exception fault)
        {
            // Whatever it was, the call may have arrived or not.
            Log.NotAnswered(logger, run, fault.GetType().Name);
        }

        // Its grain is on another silo still, or on none: that one's activation leaves, and the next claim finds another.
        if (Take(offer) is not null)
            await giveBack();
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
