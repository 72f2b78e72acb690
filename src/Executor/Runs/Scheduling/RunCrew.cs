using System.Collections.Immutable;
using Executor.Nodes;
using Executor.Runs.Driving;
using Executor.Runs.Transitions;
using Microsoft.Extensions.Logging;

namespace Executor.Runs.Scheduling;

/// <summary>The drivers at work on this node.</summary>
internal sealed class RunCrew(DriverParts parts, IRunHost host, IDetachedWork detached, ILogger<RunDriver> logger)
{
    private readonly Lock _gate = new();

    // A run that was taken away and claimed again has a driver that ends and one that begins.
    private readonly Dictionary<RunId, ImmutableList<RunActivity>> _active = [];

    public void Start(RunRecord claimed, RunSlots.Slot slot)
    {
        var run = claimed.Run;
        var activity = new RunActivity(new RunClaim(run.Id, run.Owner!.Value, run.Fence), parts.Time);
        var driver = new RunDriver(parts, activity, slot, claimed, logger);
        lock (_gate)
            _active[run.Id] = On(run.Id).Add(activity);
        _ = detached.Start("run", async () =>
        {
            try
            {
                await host.HostAsync(run.Id, driver.DriveAsync);
            }
            finally
            {
                Remove(activity);
            }
        });
    }

    public bool IsActive(RunClaim claim)
    {
        lock (_gate)
            return On(claim.Run).Exists(activity => activity.Claim == claim);
    }

    /// <summary>The run's row may have changed.</summary>
    public void Tell(RunId run)
    {
        foreach (var activity in At(run))
            activity.Changed.Set();
    }

    /// <summary>Somebody has asked for the run's end, which stands in its row.</summary>
    public void TellEnd(RunId run)
    {
        foreach (var activity in At(run))
        {
            activity.Changed.Set();
            activity.EndAsked.Set();
        }
    }

    public void TellAll()
    {
        foreach (var activity in All())
            activity.Changed.Set();
    }

    /// <summary>Lets the calls in flight go on for <paramref name="timeout"/>, ends them, and waits until every run has been let go.</summary>
    public async Task DrainAsync(TimeSpan timeout)
    {
        var active = All();
        var all = Task.WhenAll(active.Select(activity => activity.Completion.Ended()));
        await all.WaitAsync(timeout, parts.Time).Ended();
        foreach (var activity in active)
            activity.Drain();
        await all;
    }

    private ImmutableList<RunActivity> At(RunId run)
    {
        lock (_gate)
            return On(run);
    }

    private ImmutableList<RunActivity> On(RunId run) => _active.GetValueOrDefault(run, []);

    private List<RunActivity> All()
    {
        lock (_gate)
            return [.. _active.Values.SelectMany(drivers => drivers)];
    }

    private void Remove(RunActivity activity)
    {
        lock (_gate)
        {
            var others = On(activity.Claim.Run).Remove(activity);
            if (others.IsEmpty)
                _active.Remove(activity.Claim.Run);
            else
                _active[activity.Claim.Run] = others;
        }

        activity.Complete();
    }
}
