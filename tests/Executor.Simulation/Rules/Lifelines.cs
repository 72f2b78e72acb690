using Executor.Nodes;
using Executor.Simulation.Cluster;
using Executor.Simulation.Worlds;

namespace Executor.Simulation.Rules;

/// <summary>What is true of every incarnation: since when its heartbeat stands still, and since when nobody holds its lock.</summary>
internal sealed class Lifelines(World world)
{
    private readonly Dictionary<long, Lifeline> _lines = [];

    public Lifeline Of(NodeRef node) => _lines.TryGetValue(node.Incarnation, out var line) ? line : _lines[node.Incarnation] = new Lifeline(world);

    /// <param name="by">Whose doing it is, if it is a node's.</param>
    public void Look(SimulatedNode? by)
    {
        foreach (var (incarnation, stored) in world.Database.Tables.Nodes)
        {
            var line = Of(stored.Node);
            line.Beats(stored.Heartbeat);
            line.Holds(world.Database.Locks.IsHeld(incarnation));
            if (!stored.IsGone || line.IsGone)
                continue;
            line.IsGone = true;
            line.HasLeft = by is { State.Phase: >= NodePhase.Draining } && by.Liveness.Self == stored.Node;
            world.Trace.Note(by?.Label ?? "world", line.HasLeft ? "says goodbye" : "writes down as gone", stored.Node.Name);
            world.CredentialRules.Gone(stored.Node);
        }
    }
}

internal sealed class Lifeline(World world)
{
    private long _beatAt = world.Timeline.Now;
    private long _heartbeat = -1;
    private long? _freeSince;

    public bool IsGone { get; set; }

    public bool HasLeft { get; set; }

    public TimeSpan StillFor => new(world.Timeline.Now - _beatAt);

    public TimeSpan FreeFor => _freeSince is { } since ? new(world.Timeline.Now - since) : TimeSpan.Zero;

    public void Beats(long heartbeat)
    {
        if (heartbeat != _heartbeat)
            (_heartbeat, _beatAt) = (heartbeat, world.Timeline.Now);
    }

    public void Holds(bool isHeld)
    {
        if (isHeld)
            _freeSince = null;
        else
            _freeSince ??= world.Timeline.Now;
    }
}
