using Executor.Credentials;
using Executor.Identity;
using Executor.Simulation.Engine;
using Executor.Simulation.Providers;

namespace Executor.Simulation.Algorithms.Bench;

/// <summary>
/// Some users at one provider, three processes that run one algorithm, and one kind of fault. Demand and misfortunes come from the
/// seed alone: every algorithm meets the same.
/// </summary>
internal sealed partial class BenchWorld
{
    public const int Users = 30;

    public static readonly McpServerId Server = McpServerId.From("provider");

    private const int Places = 3;

    private readonly int _seed;
    private readonly FaultKind _fault;
    private readonly OAuthServer _server;
    private readonly BenchNode[] _nodes = new BenchNode[Places];

    /// <summary>Kept, or the finalizers of their timers would run in the middle of the world, on another thread.</summary>
    private readonly List<BenchNode> _dead = [];
    private readonly List<BenchUser> _users = [];
    private readonly HashSet<(long User, int Refresh)> _begun = [];

    public BenchWorld(Algorithm algorithm, ProviderKind provider, FaultKind fault, int seed)
    {
        (Algorithm, Provider, _fault, _seed) = (algorithm, provider, fault, seed);
        Dice = new Dice(seed);
        _server = new OAuthServer("provider.example.com", provider.Profile, Timeline);
        Database = new BenchDatabase(this);
        Endpoint = new TokenEndpoint(this, _server);
        Model = new Store.ModelDatabase(new WorldClock(Timeline));
    }

    public Algorithm Algorithm { get; }

    public ProviderKind Provider { get; }

    public Timeline Timeline { get; } = new();

    public ForeignThreads Foreign { get; } = new();

    /// <summary>For the algorithm's own choices.</summary>
    public Dice Dice { get; }

    public BenchDatabase Database { get; }

    public TokenEndpoint Endpoint { get; }

    /// <summary>Where Executor keeps its rows.</summary>
    public Store.ModelDatabase Model { get; }

    /// <summary>Where the others keep theirs.</summary>
    public Rivals.RivalTables Tables { get; } = new();

    public Score Score { get; } = new();

    public Exception? Defect { get; set; }

    public Score Run(int refreshes)
    {
        // A test runner's context would take continuations to its own threads.
        var context = SynchronizationContext.Current;
        SynchronizationContext.SetSynchronizationContext(null);
        try
        {
            return RunAlone(refreshes);
        }
        finally
        {
            SynchronizationContext.SetSynchronizationContext(context);
        }
    }

    /// <summary>A refresh of this user is being sent: for the first time, or again after nothing came of it.</summary>
    public Misfortune Begin(BenchNode node, CredentialKey key)
    {
        var user = _users[(int)key.User.Value - 1];
        if (!_begun.Add((key.User.Value, user.Refreshes)))
            return Misfortune.None;
        var misfortune = Misfortune.Draw(_fault, _seed, (int)key.User.Value, user.Refreshes);
        Action? strike = misfortune.Kind switch
        {
            FaultKind.Crash => () => Crash(node, misfortune.For),
            FaultKind.Freeze => () => node.Freeze(misfortune.For),
            FaultKind.Partition => () => node.CutOff(misfortune.For),
            FaultKind.Database when misfortune.Variant => () => Database.GoAway(misfortune.For),
            _ => null,
        };
        if (strike is not null)
            Timeline.After(misfortune.After, _ => strike());
        if (misfortune is { Kind: FaultKind.Database, Variant: false })
            node.NextCommit = misfortune.Status == 500 ? CommitTrouble.Fails : CommitTrouble.IsNotToldOf;
        return misfortune;
    }

    /// <param name="isReplay">The token had been redeemed before, and the provider tolerates that for a while.</param>
    public Success Granted(Grant grant, BenchNode receiver, bool isReplay)
    {
        Score.Refreshes++;
        var user = _users[(int)grant.Key.User.Value - 1];
        user.Refreshes++;
        var success = new Success(receiver);
        if (user.Grant == grant)
            (user.Latest, user.IsReplayed) = (success, isReplay);
        return success;
    }

    private Score RunAlone(int refreshes)
    {
        for (var place = 0; place < Places; place++)
            Start(place);
        for (var user = 1; user <= Users; user++)
            Connect(new BenchUser(new CredentialKey(UserId.From(user), Server), new Dice((_seed * 1009) + user)));
        while (Score.Refreshes < refreshes)
        {
            if (Defect is { } defect)
                throw new InvalidOperationException("The bench is defective.", defect);
            if (Foreign.Seen is { } stack)
                throw new InvalidOperationException($"Code left its scheduler:\n{stack}");
            if (RunNodes())
                continue;
            Timeline.TryAdvance(Timeline.Next ?? throw new InvalidOperationException("Nothing happens any more."));
        }

        return Score;
    }

    private void Start(int place)
    {
        var node = _nodes[place] = new BenchNode(this, place);
        node.Run(node.Algorithm.StartAsync);
    }

    private void Crash(BenchNode node, TimeSpan time)
    {
        if (node.IsDead)
            return;
        node.Crash();
        _dead.Add(node);
        Timeline.After(time, _ => Start(node.Place));
    }

    private bool RunNodes()
    {
        var ran = false;
        foreach (var node in _nodes)
        {
            while (node.CanRun)
            {
                node.Scheduler.RunNext();
                ran = true;
            }
        }

        return ran;
    }

    private sealed class WorldClock(Timeline timeline) : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => timeline.UtcNow;
    }
}
