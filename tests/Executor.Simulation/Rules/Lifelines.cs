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
    /// <summary>Nodes look at each other every fifth of a lease: what is shorter, they may not see.</summary>
    public static readonly TimeSpan Glimpse = Plan.Lease / 5 + TimeSpan.FromSeconds(1);

    /// <summary>How old the last look may be that a suspicion rests on.</summary>
    private static readonly TimeSpan _stale = Plan.Lease / 2;

    private long _beatAt = world.Timeline.Now;
    private long _heartbeat = -1;
    private long? _suspectUntil;
    private long? _freeSince;
    private (long FreeSince, long HeldSince)? _glimpsed;

    public bool IsGone { get; set; }

    public bool HasLeft { get; set; }

    /// <summary>Its heartbeat stands still, or did when others looked last.</summary>
    public bool MayBeSuspected => IsStill || world.Timeline.Now <= _suspectUntil;

    /// <summary>How long its lock is free, or was until it was taken a moment ago: what others do about it takes its way.</summary>
    public TimeSpan FreeFor => _freeSince is { } since
        ? new(world.Timeline.Now - since)
        : _glimpsed is { } taken && world.Timeline.Now - taken.HeldSince < _stale.Ticks
            ? new(taken.HeldSince - taken.FreeSince)
            : TimeSpan.Zero;

    private bool IsStill => world.Timeline.Now - _beatAt >= Plan.Lease.Ticks;

    public void Beats(long heartbeat)
    {
        if (heartbeat == _heartbeat)
            return;
        if (IsStill)
            _suspectUntil = world.Timeline.Now + _stale.Ticks;
        (_heartbeat, _beatAt) = (heartbeat, world.Timeline.Now);
    }

    public void Holds(bool isHeld)
    {
        var now = world.Timeline.Now;
        if (isHeld && _freeSince is { } free)
            (_glimpsed, _freeSince) = ((free, now), null);
        else if (!isHeld && _freeSince is null)
            _freeSince = _glimpsed is { } glimpse && now - glimpse.HeldSince < Glimpse.Ticks ? glimpse.FreeSince : now;
    }
}
