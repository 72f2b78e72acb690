using Executor.Runs;
using Executor.Runs.Driving;
using Executor.Runs.Scheduling;
using Orleans.Concurrency;
using Orleans.Placement;

namespace Executor.Grains.Runs;

/// <summary>
/// Drives a run: works through its steps, calls the tools, parks it. A call may last for minutes, so the grain is reentrant and never
/// moved: it is reached meanwhile. It leaves memory as soon as the run is let go of. It drives only what its own silo has claimed. A
/// membership change may bring about a second activation. That does no harm: the claim's fence refuses what the one that lost it still
/// writes.
/// </summary>
[Reentrant, PreferLocalPlacement, Immovable(ImmovableKind.Any), GrainType("executor.run")]
internal sealed class WorkflowRunGrain(GrainRunHost host, RunCrew crew) : Grain, IWorkflowRunGrain
{
    private readonly List<Task> _drives = [];

    public override async Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken) =>
        await Task.WhenAll(_drives).WaitAsync(cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);

    public ValueTask DriveAsync(Guid offer)
    {
        if (host.Take(offer) is { } drive)
        {
            DelayDeactivation(Timeout.InfiniteTimeSpan); // an idle grain, to whoever counts calls
            _drives.Add(DriveAsync(drive)); // not awaited: what is awaited here keeps the silo from stopping in order
        }

        LeaveIfIdle();
        return ValueTask.CompletedTask;
    }

    public ValueTask EndAskedAsync()
    {
        crew.TellEnd(new RunId(this.GetPrimaryKey()));
        LeaveIfIdle();
        return ValueTask.CompletedTask;
    }

    /// <summary>
    /// Beside the grain's turns, of which a step's dozens of awaits would each need one. The driver has no part in the grain's state, and
    /// whoever else reaches it is on other threads anyway.
    /// </summary>
    private async Task DriveAsync(GrainRunHost.Drive drive)
    {
        await Task.Run(drive.RunAsync);
        LeaveIfIdle(ended: 1);
    }

    private void LeaveIfIdle(int ended = 0)
    {
        if (_drives.Count(drive => !drive.IsCompleted) <= ended)
            DeactivateOnIdle();
    }
}
