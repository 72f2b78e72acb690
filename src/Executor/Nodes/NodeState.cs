namespace Executor.Nodes;

public enum NodePhase
{
    Starting,
    Running,

    /// <summary>Asked to stop: readiness fails, no new step or intent starts.</summary>
    Draining,
    Stopped,
}

/// <summary>Where this process is in its life; moves forward only.</summary>
public sealed class NodeState : IDisposable
{
    private readonly CancellationTokenSource _draining = new();
    private int _phase;

    public NodePhase Phase => (NodePhase)Volatile.Read(ref _phase);

    /// <summary>Fires when draining begins.</summary>
    public CancellationToken Draining => _draining.Token;

    public void Dispose() => _draining.Dispose();

    public void MoveTo(NodePhase phase)
    {
        int current;
        while ((current = Volatile.Read(ref _phase)) < (int)phase
            && Interlocked.CompareExchange(ref _phase, (int)phase, current) != current)
        {
        }

        if (phase >= NodePhase.Draining)
            _draining.Cancel();
    }
}
