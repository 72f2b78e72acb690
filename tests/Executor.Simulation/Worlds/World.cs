using Executor.Credentials;
using Executor.Identity;
using Executor.Runs;
using Executor.Servers;
using Executor.Simulation.Cluster;
using Executor.Simulation.Engine;
using Executor.Simulation.Providers;
using Executor.Simulation.Rules;
using Executor.Simulation.Store;
using Executor.Simulation.Tools;
using Microsoft.Extensions.Options;

namespace Executor.Simulation.Worlds;

/// <summary>
/// Executor's domain code on simulated nodes, over a modelled database, among simulated providers, servers and users: everything
/// that happens comes from one seed, on one thread, on a clock of its own.
/// </summary>
internal sealed class World
{
    private const int MostAtOnce = 100_000;

    private readonly int _seed;
    private readonly Dictionary<McpServerId, OAuthServer> _providers = [];
    private readonly Dictionary<McpServerId, Resource> _resources = [];
    private readonly Dictionary<string, SimulatedNode> _nodeOfSession = new(StringComparer.Ordinal);
    private readonly Dice _pumpDice;
    private readonly Dice _feedDice;
    private ModelTables _seen = ModelTables.Empty;
    private ModelTables _before = ModelTables.Empty;
    private ViolationException? _failure;
    private int _nodes;

    public World(int seed, Mutation mutation)
    {
        _seed = seed;
        Mutation = mutation;
        Dice = new Dice(seed);
        Plan = new Plan(Dice.Split());
        NetworkDice = Dice.Split();
        LinkDice = Dice.Split();
        _pumpDice = Dice.Split();
        _feedDice = Dice.Split();
        Trace = new Trace(Timeline);
        Database = new ModelDatabase(new DatabaseClock(Timeline), Plan.Flavour) { Route = Route };
        Catalog = new McpServerCatalog(Plan.Servers.Select(server => mutation.Server(server.Server)));
        var credentials = new CredentialOptions();
        mutation.Configure(credentials);
        CredentialOptions = Options.Create(credentials);
        RunOptions = Options.Create(new RunOptions { StepTimeout = TimeSpan.FromSeconds(20), StopTimeout = TimeSpan.FromSeconds(10) });
        CredentialRules = new CredentialRules(this);
        RunRules = new RunRules(this);
        Lifelines = new Lifelines(this);
        var refusals = new Dice(~seed); // of its own: worlds without refusals are what they were before there were any
        foreach (var server in Plan.Servers)
        {
            _providers[server.Id] = new OAuthServer(server.Host, server.Profile, Timeline)
            {
                Replay = CredentialRules.Replayed,
                Refusal = Plan.HasFaults ? LongRefusal.Draw(refusals) : null,
            };
            _resources[server.Id] = new Resource(_providers[server.Id], Timeline);
        }
    }

    public Dice Dice { get; }

    public Dice NetworkDice { get; }

    public Dice LinkDice { get; }

    public Plan Plan { get; }

    public Mutation Mutation { get; }

    public Timeline Timeline { get; } = new();

    public Trace Trace { get; }

    public Tally Tally { get; } = new();

    public ForeignThreads Foreign { get; } = new();

    public ModelDatabase Database { get; }

    public IMcpServerCatalog Catalog { get; }

    public IOptions<CredentialOptions> CredentialOptions { get; }

    public IOptions<RunOptions> RunOptions { get; }

    public CredentialRules CredentialRules { get; }

    public RunRules RunRules { get; }

    public Lifelines Lifelines { get; }

    public List<SimulatedNode> Nodes { get; } = [];

    public bool IsDatabaseDown { get; set; }

    /// <summary>No more faults: whatever is unfinished has to come to rest.</summary>
    public bool IsCalm { get; set; }

    public bool HasFailed => _failure is not null;

    public ServerPlan ServerOf(McpServerId id) => Plan.Servers.First(server => server.Id == id);

    public OAuthServer ProviderOf(McpServerId id) => _providers[id];

    public Resource ResourceOf(McpServerId id) => _resources[id];

    /// <summary>A network that works.</summary>
    public TimeSpan Latency() => TimeSpan.FromTicks(1 + NetworkDice.Next(30_000));

    public SimulatedNode Join(string name)
    {
        var node = new SimulatedNode(this, name, ++_nodes);
        _nodeOfSession[node.Label] = node;
        Nodes.RemoveAll(former => former.IsDead);
        Nodes.Add(node);
        Trace.Note(node.Label, "starts");
        _ = node.Start();
        return node;
    }

    /// <summary>The first rule that is broken ends the world, as soon as the piece of work that broke it is over.</summary>
    public void Fail(string rule, string detail)
    {
        if (_failure is not null)
            return;
        Trace.Note("rule", rule, detail);
        _failure = new ViolationException(_seed, rule, detail, Trace.Last(80));
    }

    public void ThrowIfFailed()
    {
        if (_failure is not null)
            throw _failure;
    }

    /// <summary>Works everything off, and lets time pass.</summary>
    public void Pass(TimeSpan time)
    {
        var until = Timeline.Now + time.Ticks;
        do
        {
            WorkOff();
        }
        while (Timeline.TryAdvance(until));
        WorkOff();
    }

    /// <summary>Something was done to the database: the rules look at what changed.</summary>
    public void Look(SimulatedNode? by)
    {
        var tables = Database.Tables;
        if (ReferenceEquals(tables, _seen))
            return;
        (_before, _seen) = (_seen, tables);
        if (!ReferenceEquals(tables.Nodes, _before.Nodes))
            Lifelines.Look(by);
        if (!ReferenceEquals(tables.Credentials, _before.Credentials))
        {
            foreach (var (key, stored) in tables.Credentials)
            {
                var former = _before.Credentials.GetValueOrDefault(key);
                if (!ReferenceEquals(former, stored))
                    CredentialRules.Changed(former, stored);
                if (!ReferenceEquals(former, stored))
                    RunRules.Serves(stored.Row, tables);
            }
        }

        if (ReferenceEquals(tables.Runs, _before.Runs))
            return;
        foreach (var (order, run) in tables.Runs)
        {
            var former = _before.Runs.GetValueOrDefault(order);
            if (!ReferenceEquals(former, run))
                RunRules.Changed(former, run, tables, by);
        }
    }

    /// <summary>The credential as it was and is, where the commit that is looked at has written it.</summary>
    public (CredentialRow Was, CredentialRow Is)? Written(CredentialKey key, ModelTables tables) =>
        tables.Credentials.TryGetValue(key, out var stored)
        && _before.Credentials.GetValueOrDefault(key) is var former
        && !ReferenceEquals(stored, former)
            ? (former?.Row ?? new CredentialRow { Key = key }, stored.Row)
            : null;

    private void WorkOff()
    {
        var pieces = 0;
        while (Runnable() is { } node)
        {
            node.Scheduler.RunNext();
            if (++pieces > MostAtOnce)
                Fail("Nothing goes round in circles", node.Label);
            if (_failure is not null || Foreign.Seen is not null)
                Stop();
        }

        ThrowIfFailed();
    }

    private void Stop()
    {
        if (Foreign.Seen is { } stack)
            Fail("The domain stays on its scheduler", stack);
        ThrowIfFailed();
    }

    private SimulatedNode? Runnable()
    {
        var runnable = 0;
        foreach (var node in Nodes)
        {
            if (node.CanRun)
                runnable++;
        }

        if (runnable == 0)
            return null;
        var chosen = runnable == 1 ? 0 : _pumpDice.Next(runnable);
        foreach (var node in Nodes)
        {
            if (node.CanRun && chosen-- == 0)
                return node;
        }

        return null;
    }

    private void Route(ModelSession from, ModelSession to, Executor.Nodes.Change change)
    {
        if (!_nodeOfSession.TryGetValue(to.Name, out var node) || node.IsCutOff || IsDatabaseDown)
            return;
        var way = Latency();
        if (Plan.HasFaults && !IsCalm)
        {
            switch (_feedDice.Next(20))
            {
                case 0:
                    Tally.Add("feed", "lost");
                    return;
                case 1:
                    Tally.Add("feed", "late");
                    way = _feedDice.Between(0.1, 10);
                    break;
                case 2:
                    Tally.Add("feed", "twice");
                    node.Receive(_feedDice.Between(0, 1), _ => to.Deliver(change));
                    break;
            }
        }

        node.Receive(way, _ => to.Deliver(change));
    }

    private sealed class DatabaseClock(Timeline timeline) : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => timeline.UtcNow;
    }
}
