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
    /// <summary>How old the last look may be that something rests on; two looks may be as far apart, and nobody knows what was between.</summary>
    private static readonly TimeSpan _stale = Plan.Lease / 2;

    private readonly List<(long From, long Until)> _held = [];
    private long _beatAt = world.Timeline.Now;
    private long _heartbeat = -1;
    private long? _suspectUntil;
    private long? _heldSince;

    public bool IsGone { get; set; }

    public bool HasLeft { get; set; }

    /// <summary>Its heartbeat stands still, or did when others looked last.</summary>
    public bool MayBeSuspected => IsStill || world.Timeline.Now <= _suspectUntil;

    /// <summary>Looks that were never further apart than they may be have found its lock free throughout a lease.</summary>
    public bool MayBeGone
    {
        get
        {
            var now = world.Timeline.Now;
            var from = now - (Plan.Lease + _stale).Ticks;
            var stretches = _held.Append((From: _heldSince ?? now, Until: now));
            return stretches.All(held => held.Until - Math.Max(held.From, from) < Plan.Lease.Ticks);
        }
    }

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
        if (isHeld)
        {
            _heldSince ??= now;
        }
        else if (_heldSince is { } since)
        {
            _held.Add((since, now));
            _heldSince = null;
        }
    }
}
