using Executor.Credentials;
using Executor.Credentials.Owner;
using Executor.Nodes;
using Executor.Runs;
using Executor.Runs.Scheduling;
using Executor.Servers;
using Executor.Simulation.Engine;
using Executor.Simulation.Store;
using Executor.Simulation.Worlds;
using Executor.Testing.Engine;
using Microsoft.Extensions.Hosting;

namespace Executor.Simulation.Cluster;

/// <summary>One process: its queue, its clocks, its session with the database, and the domain's services composed as the host does.</summary>
internal sealed class SimulatedNode
{
    private readonly World _world;
    private readonly CancellationToken _stopping;
    private readonly Action _stop;
    private readonly NodeParts _parts;
    private readonly List<Task> _loops = [];

    public SimulatedNode(World world, string name, int number)
    {
        _world = world;
        Name = name;
        Label = $"{name}.{number}";
        Scheduler = new NodeScheduler(world.Foreign);
        Clock = new NodeClock(world.Timeline, Scheduler) { Rate = world.Mutation.ClockRate };
        Work = new NodeWork(Scheduler, (work, defect) => world.Fail("Detached work ends well", $"{work} of {Label}: {defect}"));
        Session = world.Database.Open(Label);
        Dice = world.Dice.Split();
        _parts = new NodeParts(world, this);
        var stopping = new CancellationTokenSource();
        (_stopping, _stop) = (stopping.Token, stopping.Cancel);
    }

    public string Name { get; }

    public string Label { get; }

    public NodeScheduler Scheduler { get; }

    public NodeClock Clock { get; }

    public NodeWork Work { get; }

    public ModelSession Session { get; }

    public Dice Dice { get; }

    public NodeState State => _parts.State;

    public NodeLiveness Liveness => _parts.Liveness;

    public IReadOnlyList<DirectCredentials> Directories => _parts.Directories;

    public AuthorizedMcp Mcp => _parts.Mcp;

    public IRuns Runs => _parts.Runs;

    public bool IsFrozen { get; private set; }

    public long LastThawAt { get; private set; } = long.MinValue;

    public bool IsDead => Scheduler.IsDead;

    /// <summary>It has entered, and was not asked to stop.</summary>
    public bool IsUp => !IsDead && State.Phase == NodePhase.Running;

    /// <summary>Its packets to the database go nowhere.</summary>
    public bool IsCutOff { get; set; }

    /// <summary>Every incarnation that it has had.</summary>
    public HashSet<long> Incarnations { get; } = [];

    public bool CanRun => !IsFrozen && Scheduler.HasWork;

    public Task Start() => Run(StartAsync);

    /// <summary>As the host stops: steps first, then the redemptions that are under way, then the goodbye.</summary>
    public Task Leave() => Run(LeaveAsync);

    public Task Run(Func<Task> work) => Scheduler.Run(work);

    public void Freeze() => IsFrozen = true;

    public void Thaw()
    {
        IsFrozen = false;
        LastThawAt = _world.Timeline.Now;
    }

    /// <summary>Whatever it has sent goes on.</summary>
    public void Crash()
    {
        IsFrozen = false;
        Scheduler.Die();
        Session.Kill();
        _world.Lifelines.Look(null);
        _world.CredentialRules.NodeDied(this);
    }

    /// <summary>Something comes from outside, after a while; a frozen process finds it when it thaws.</summary>
    public void Receive(TimeSpan after, Action<object?> callback) =>
        _world.Timeline.After(after, _ => Scheduler.Deliver(callback, null));

    /// <summary>The way there and back.</summary>
    public Task Arrive(TimeSpan after, CancellationToken cancellationToken)
    {
        var arrived = new TaskCompletionSource();
        Receive(after, _ => arrived.TrySetResult());
        if (!cancellationToken.CanBeCanceled)
            return arrived.Task;
        var registration = cancellationToken.Register(() => arrived.TrySetCanceled(cancellationToken));
        return WithAsync(arrived.Task, registration);
    }

    private static async Task WithAsync(Task arrival, CancellationTokenRegistration registration)
    {
        try
        {
            await arrival;
        }
        finally
        {
            registration.Unregister();
        }
    }

    private async Task StartAsync()
    {
        try
        {
            await Liveness.StartAsync(_stopping);
        }
        catch (StoreUnavailableException)
        {
            _world.Trace.Note(Label, "could not start");
            Crash();
            return;
        }

        State.MoveTo(NodePhase.Running);
        _world.Trace.Note(Label, "runs");
        foreach (var service in _parts.Services)
            _loops.Add(ServiceLoops.Execute(service, _stopping));
    }

    private async Task LeaveAsync()
    {
        State.MoveTo(NodePhase.Draining);
        if (_parts.Scheduler is { } runs)
            await runs.DrainAsync();
        await Work.WhenIdleAsync(CancellationToken.None);
        _stop();
        await Task.WhenAll(_loops.Select(loop => loop.Ended()));
        try
        {
            await Liveness.LeaveAsync(CancellationToken.None);
        }
        catch (StoreUnavailableException)
        {
            // Without a goodbye the others wait until the lock has been free for a lease.
        }

        _world.Trace.Note(Label, "has left");
        Crash();
    }
}
