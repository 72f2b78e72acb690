using Executor.Runs.Transitions;

namespace Executor.Runs.Driving;

/// <summary>A run that this node works on, as the rest of the node reaches it.</summary>
internal sealed class RunActivity(RunClaim claim, TimeProvider time)
{
    private readonly Lock _gate = new();
    private readonly TaskCompletionSource _completion = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private CallStop? _call;
    private bool _drained;

    public RunClaim Claim { get; } = claim;

    /// <summary>The run's row may have changed: somebody may want it cancelled.</summary>
    public Signal Changed { get; } = new(time);

    /// <summary>Somebody has asked for the run's end, and says so directly: worth a look at once.</summary>
    public Signal EndAsked { get; } = new(time);

    /// <summary>Completes when the driver has let go of the run.</summary>
    public Task Completion => _completion.Task;

    public void Complete() => _completion.TrySetResult();

    public CallStop BeginCall()
    {
        var call = new CallStop();
        lock (_gate)
        {
            _call = call;
            if (_drained)
                call.Stop(StopReason.Drained);
        }

        return call;
    }

    public void EndCall(CallStop call)
    {
        lock (_gate)
            _call = null;
        call.Dispose();
    }

    /// <summary>The node has waited long enough: a call in flight, and any that would still begin, ends.</summary>
    public void Drain()
    {
        CallStop? call;
        lock (_gate)
        {
            _drained = true;
            call = _call;
        }

        call?.Stop(StopReason.Drained);
    }
}
