using Executor.Simulation.Engine;

namespace Executor.Simulation.Algorithms.Bench;

/// <summary>One process that runs one algorithm.</summary>
internal sealed class BenchNode
{
    private readonly BenchWorld _world;

    public BenchNode(BenchWorld world, int place)
    {
        _world = world;
        Place = place;
        Scheduler = new NodeScheduler(world.Foreign);
        Clock = new NodeClock(world.Timeline, Scheduler);
        Work = new NodeWork(Scheduler, (_, defect) => world.Defect ??= defect);
        Random = new DiceRandom(world.Dice.Split());
        Algorithm = world.Algorithm.Start(world, this);
    }

    /// <summary>Where it runs: a process that comes back has the place of the one that died.</summary>
    public int Place { get; }

    public NodeScheduler Scheduler { get; }

    public NodeClock Clock { get; }

    public NodeWork Work { get; }

    public Random Random { get; }

    public IRefreshAlgorithm Algorithm { get; }

    public bool IsDead => Scheduler.IsDead;

    /// <summary>Of a dead process: when it last could have committed anything.</summary>
    public long? LastReachedDatabaseAt { get; private set; }

    public bool IsFrozen => FrozenSince is not null;

    public long? FrozenSince { get; private set; }

    public long? CutOffSince { get; private set; }

    public bool IsCutOff => CutOffSince is not null;

    /// <summary>What becomes of its next commit.</summary>
    public CommitTrouble NextCommit { get; set; }

    /// <summary>Told when it dies, and when it was cut off for longer than keepalives last.</summary>
    public Action Died { get; set; } = static () => { };

    public Action ConnectionsLost { get; set; } = static () => { };

    public bool CanRun => !IsFrozen && Scheduler.HasWork;

    /// <summary>Begins work in this process. What escapes it is a defect of the bench.</summary>
    public void Run(Func<Task> work) => _ = Scheduler.Run(async () =>
    {
        try
        {
            await work();
        }
        catch (Exception defect)
        {
            _world.Defect ??= defect;
        }
    });

    public void Crash()
    {
        Scheduler.Die();
        LastReachedDatabaseAt = Math.Min(CutOffSince ?? _world.Timeline.Now, _world.Database.AwaySince ?? _world.Timeline.Now);
        FrozenSince = null;
        Died();
    }

    public void Freeze(TimeSpan time)
    {
        if (IsDead || IsFrozen)
            return;
        FrozenSince = _world.Timeline.Now;
        _world.Timeline.After(time, _ => FrozenSince = null);
    }

    public void CutOff(TimeSpan time)
    {
        if (IsCutOff)
            return;
        CutOffSince = _world.Timeline.Now;
        var keepalive = TimeSpan.FromSeconds(15);
        if (time > keepalive)
            _world.Timeline.After(keepalive, _ => ConnectionsLost());
        _world.Timeline.After(time, _ => CutOffSince = null);
    }

    /// <summary>Something comes from outside; a process that stands still finds it later, a dead one never.</summary>
    public Task Arrive(TimeSpan after)
    {
        var arrived = new TaskCompletionSource();
        Receive(after, () => arrived.TrySetResult());
        return arrived.Task;
    }

    public void Receive(TimeSpan after, Action happen) =>
        _world.Timeline.After(after, _ => Scheduler.Deliver(static happen => ((Action)happen!)(), happen));

    public Task Delay(TimeSpan time) => Task.Delay(time, Clock);
}

internal enum CommitTrouble
{
    None,
    Fails,
    IsNotToldOf,
}
