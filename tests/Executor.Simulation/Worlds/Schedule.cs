using Executor.Simulation.Cluster;
using Executor.Simulation.Engine;
using Executor.Simulation.Store;

namespace Executor.Simulation.Worlds;

/// <summary>One seed's course of events: users, faults, and then rest.</summary>
internal sealed partial class Schedule
{
    public const int DefaultSteps = 150;

    private readonly World _world;
    private readonly Dice _dice;

    private Schedule(World world)
    {
        _world = world;
        _dice = world.Dice;
    }

    private Plan Plan => _world.Plan;

    private IEnumerable<SimulatedNode> Up => _world.Nodes.Where(node => node is { IsUp: true, IsFrozen: false });

    /// <exception cref="ViolationException">A rule was broken.</exception>
    public static Outcome Run(int seed, int steps = DefaultSteps, Mutation? mutation = null, Action<string>? listener = null)
    {
        var context = SynchronizationContext.Current;
        SynchronizationContext.SetSynchronizationContext(null); // whoever runs tests has one of their own
        try
        {
            var world = new World(seed, mutation ?? Mutation.None);
            world.Trace.Listener = listener;
            new Schedule(world).Run(steps);
            return new Outcome(world.Trace.Hash, world.Timeline.Now, world.Plan.HasFaults, world.Tally);
        }
        finally
        {
            SynchronizationContext.SetSynchronizationContext(context);
        }
    }

    private void Run(int steps)
    {
        for (var number = 0; number < Plan.NodeCount; number++)
            _world.Join($"n{number}");
        Pass(TimeSpan.FromMilliseconds(50));
        foreach (var key in Plan.Keys)
            Deposit(key);
        for (var step = 0; step < steps; step++)
        {
            Step();
            Pass(Gap());
        }

        Rest();
    }

    private void Step()
    {
        var what = _dice.Next(Plan.HasFaults ? 130 : 100);
        switch (what)
        {
            case < 40:
                Ask();
                break;
            case < 44:
                AskManyTimes();
                break;
            case < 54:
                ListTools();
                break;
            case < 57:
                Deposit(_dice.Pick([.. Plan.Keys]));
                break;
            case < 60:
                DepositAgain();
                break;
            case 60:
                Delete();
                break;
            case 61 when _dice.OneIn(2):
                RevokeAtProvider();
                break;
            case < 66:
                KillAccessTokens();
                break;
            case < 70:
                RejectStale();
                break;
            case < 90 when Plan.HasRuns:
                MoveRun();
                break;
            case < 93 when Plan.HasRefusals:
                RefuseTokens();
                break;
            case < 98:
                break;
            case < 100:
                ComeAndGo();
                break;
            default:
                Harm();
                break;
        }
    }

    private TimeSpan Gap() => _dice.Next(Plan.HasFaults ? 100 : 60) switch
    {
        < 35 => TimeSpan.Zero,
        < 60 => _dice.Between(0, 0.02),
        < 80 => _dice.Between(0, 0.5),
        < 92 => _dice.Between(0.5, 3),
        < 98 => _dice.Between(3, 12),
        _ when Plan.IsPatient => _dice.Seconds(30, 65, 130, 130, 700),
        _ => _dice.Between(5, 30),
    };

    private void Pass(TimeSpan time) => _world.Pass(time);

    /// <param name="Hash">Of everything that happened.</param>
    internal sealed record Outcome(ulong Hash, long Ticks, bool HasFaults, Tally Tally);
}
