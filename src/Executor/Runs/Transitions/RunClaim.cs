using Executor.Nodes;

namespace Executor.Runs.Transitions;

/// <summary>A node's right to move a run. It ends with the next claim, whatever its holder believes.</summary>
internal readonly record struct RunClaim(RunId Run, NodeRef Owner, long Fence)
{
    public bool Holds(RunRow? run) =>
        run is { Status: RunStatus.Running } && run.Fence == Fence && run.Owner == Owner;
}
