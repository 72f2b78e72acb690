using Executor.Simulation.Cluster;
using Executor.Simulation.Store;

namespace Executor.Simulation.Worlds;

/// <summary>What happens to nodes and to the database.</summary>
internal sealed partial class Schedule
{
    private const int MostNodes = 4;

    private IEnumerable<SimulatedNode> Living => _world.Nodes.Where(node => !node.IsDead);

    private void ComeAndGo()
    {
        if (Plan.Flavour == ModelFlavour.Sqlite)
            return;
        if (_dice.OneIn(2) && Up.Skip(1).Any())
        {
            var node = AnyUp()!;
            Count(node, "leaves");
            _ = node.Leave();
        }
        else if (Living.Count() < MostNodes)
        {
            Join();
        }
    }

    private SimulatedNode Join()
    {
        // A name comes back when its node has gone; an incarnation never does.
        var name = Enumerable.Range(0, MostNodes + 1).Select(number => $"n{number}").First(name => Living.All(node => node.Name != name));
        return _world.Join(name);
    }

    private void Harm()
    {
        var node = _dice.PickAny(Living.Where(node => !node.IsFrozen).ToList());
        switch (_dice.Next(30))
        {
            case < 6 when node is not null:
                Freeze(node);
                break;
            case < 11 when node is not null:
                Crash(node);
                break;
            case < 15 when Living.Count() < (Plan.Flavour == ModelFlavour.Sqlite ? 1 : MostNodes):
                Join();
                break;
            case < 18 when node is not null:
                CutOff(node);
                break;
            case < 20:
                Outage();
                break;
            case < 23 when node is not null:
                Count(node, "loses its lock");
                node.Session.Cut();
                _world.Lifelines.Look(null);
                break;
            case < 25 when node is not null:
                Count(node, "has its wall clock set");
                node.Clock.Skew = _dice.Between(-300, 300);
                break;
            case < 27:
                ComeAndGo();
                break;
        }

        if (!Living.Any())
            Join();
    }

    private void Freeze(SimulatedNode node)
    {
        Count(node, "freezes");
        node.Freeze();
        var time = _dice.Seconds(0.2, 1, 2, 4, 8, 11, 14, 25);
        if (Plan.IsPatient && _dice.OneIn(3))
            time = _dice.Seconds(60, 125, 140);
        _world.Timeline.After(time, _ => Thaw(node));
    }

    private void Thaw(SimulatedNode node)
    {
        if (node.IsDead || !node.IsFrozen)
            return;
        _world.Trace.Note(node.Label, "thaws");
        node.Thaw();
    }

    private void Crash(SimulatedNode node)
    {
        Count(node, "crashes");
        node.Crash();
        if (_dice.OneIn(2))
            _world.Timeline.After(_dice.Seconds(0.1, 1, 3, 15), _ => ComeBack());
    }

    private void ComeBack()
    {
        if (!_world.IsCalm && Living.Count() < (Plan.Flavour == ModelFlavour.Sqlite ? 1 : MostNodes))
            Join();
    }

    /// <summary>The server gives the lock's connection up when its keepalives fail; the node finds out at its own time.</summary>
    private void CutOff(SimulatedNode node)
    {
        Count(node, "is cut off from the database");
        node.IsCutOff = true;
        _world.Timeline.After(_dice.Seconds(3, 6, 12), _ => Lose(node, node.Session.FreeLocks));
        _world.Timeline.After(_dice.Seconds(1, 6, 12), _ => Lose(node, node.Session.NoticeLostLocks));
        _world.Timeline.After(_dice.Seconds(0.5, 2, 5, 10, 14, 30), _ => Heal(node));
    }

    private void Lose(SimulatedNode node, Action side)
    {
        if (!node.IsCutOff || node.IsDead)
            return;
        side();
        _world.Lifelines.Look(null);
    }

    private void Heal(SimulatedNode node)
    {
        if (!node.IsCutOff || node.IsDead)
            return;
        _world.Trace.Note(node.Label, "reaches the database again");
        node.IsCutOff = false;
        if (_dice.OneIn(2))
            node.Session.Cut();
        _world.Lifelines.Look(null);
        MindTheGap(node);
    }

    private void Outage()
    {
        if (_world.IsDatabaseDown)
            return;
        _world.Trace.Note("database", "goes down");
        _world.Tally.Add("faults", "the database goes down");
        _world.IsDatabaseDown = true;
        foreach (var node in Living)
            node.Session.Cut();
        _world.Lifelines.Look(null);
        _world.Timeline.After(_dice.Seconds(0.2, 2, 6, 12, 20), _ => Restore());
    }

    private void Restore()
    {
        if (!_world.IsDatabaseDown)
            return;
        _world.Trace.Note("database", "comes back");
        _world.IsDatabaseDown = false;
        foreach (var node in Living)
            MindTheGap(node);
    }

    /// <summary>
    /// Whoever listens again looks at all that it caches. Each key first: owners live in a table whose order changes from process to
    /// process, and their order must decide nothing.
    /// </summary>
    private void MindTheGap(SimulatedNode node) => node.Receive(_world.Latency(), _ =>
    {
        foreach (var key in Plan.Keys)
            node.Session.Deliver(new Executor.Nodes.Change.Credential(key));
        node.Session.Deliver(new Executor.Nodes.Change.Gap());
    });

    private void Count(SimulatedNode node, string what)
    {
        _world.Trace.Note(node.Label, what);
        _world.Tally.Add("faults", what);
    }
}
