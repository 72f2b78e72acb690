using Executor.Credentials;
using Executor.Identity;
using Executor.Nodes;
using Executor.Runs;
using Executor.Runs.Scheduling;
using Executor.Servers;
using Executor.Storage;
using Executor.Testing.Engine;
using Executor.Tests.Infrastructure;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Executor.Tests.Runs;

/// <summary>
/// Real runs over a real SQLite store, on a clock that stands still: whatever happens without it being advanced happens without
/// polling. Several nodes may share the store.
/// </summary>
internal sealed class RunWorld : IAsyncDisposable
{
    public static readonly McpServerId Open = McpServerId.From("open");
    public static readonly McpServerId Protected = McpServerId.From("protected");
    public static readonly UserId User = UserId.From(7);

    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(20);

    private readonly List<ServiceProvider> _nodes = [];

    private RunWorld(StorageHost storage, ManualTimeProvider time)
    {
        Storage = storage;
        Time = time;
        Credentials = new StoredCredentials(storage.Credentials);
        Catalog.Add(Open, new Uri("http://localhost/open"), new McpServerAuth.None());
        Catalog.OAuth2(Protected, new Uri("http://localhost/protected"), RefreshReplay.Strict);
    }

    public StorageHost Storage { get; }

    public ManualTimeProvider Time { get; }

    public StoredCredentials Credentials { get; }

    public ScriptedGateway Gateway { get; } = new();

    public TestCatalog Catalog { get; } = new();

    public CapturedLogs Logs { get; } = new();

    public static async Task<RunWorld> StartAsync()
    {
        var time = new ManualTimeProvider();
        return new RunWorld(await StorageHost.StartAsync(new StorageOptions(new StorageProvider.SqliteInMemory()) { Clock = time }), time);
    }

    public static StepDefinition Step(
        string id, string tool, string arguments = "{}", McpServerId? server = null, OnUnknown onUnknown = OnUnknown.ByAnnotations) =>
        new(id, server ?? Open, tool, arguments, null, onUnknown);

    /// <summary>A node; it works once it has been started.</summary>
    public RunNode Node(
        string name = "a",
        Action<RunOptions>? configure = null,
        Func<IRunStore, IRunStore>? through = null,
        ICredentials? credentials = null)
    {
        var liveness = new TestLiveness(new NodeRef(name, _nodes.Count + 1));
        var services = new ServiceCollection()
            .AddLogging(logging => Logs.AttachTo(logging))
            .AddMetrics()
            .AddSingleton<TimeProvider>(Time)
            .AddSingleton(new Random(1))
            .AddSingleton<INodeLiveness>(liveness)
            .AddSingleton<NodeState>()
            .AddSingleton<IDetachedWork, DetachedWork>()
            .AddSingleton<IMcpServerCatalog>(Catalog)
            .AddSingleton<IMcpGateway>(Gateway)
            .AddSingleton(credentials ?? Credentials)
            .AddSingleton(Storage.Changes)
            .AddSingleton(through?.Invoke(Storage.Runs) ?? Storage.Runs)
            .AddExecutorRuns(configure)
            .AddDirectEngine()
            .BuildServiceProvider();
        _nodes.Add(services);
        return new RunNode(services, liveness);
    }

    public async Task<RunNode> StartedNodeAsync(string name = "a", Action<RunOptions>? configure = null)
    {
        var node = Node(name, configure);
        await node.Scheduler.StartAsync(default);
        return node;
    }

    /// <summary>Waits, on the change feed alone, until the run is as wanted.</summary>
    public async Task<RunRecord> UntilAsync(RunNode node, RunId id, Func<RunRecord, bool> wanted, UserId? user = null)
    {
        using var deadline = new CancellationTokenSource(Deadline);
        RunRecord? last = null;
        try
        {
            await foreach (var record in node.Runs.For(id).WatchAsync(user ?? User, deadline.Token))
            {
                last = record;
                if (wanted(record))
                    return record;
            }
        }
        catch (OperationCanceledException)
        {
            // Told below, with what was seen last.
        }

        throw new InvalidOperationException(
            $"The run never became as wanted: {last?.Run}, {string.Join(' ', last?.Steps.Select(step => $"{step.Status} {step.Error}") ?? [])}\n{Logs.All}");
    }

    public Task<RunRecord> UntilAsync(RunNode node, RunId id, RunStatus status, UserId? user = null) =>
        UntilAsync(node, id, record => record.Run.Status == status, user);

    /// <summary>Lets time pass until something is so: what waits on the clock may not have begun to wait yet.</summary>
    public async Task AdvanceUntilAsync(Func<Task<bool>> condition, TimeSpan step)
    {
        var deadline = Environment.TickCount64 + (long)Deadline.TotalMilliseconds;
        while (!await condition())
        {
            Assert.True(Environment.TickCount64 < deadline, "The condition was not met in time.");
            Time.Advance(step);
            await Task.Delay(5); // lets other threads act on the time that has passed; the condition decides
        }
    }

    public Task AdvanceUntilAsync(RunNode node, RunId id, Func<RunRecord, bool> wanted, TimeSpan step) =>
        AdvanceUntilAsync(async () => wanted((await node.Runs.For(id).ReadAsync(User, default))!), step);

    public async ValueTask DisposeAsync()
    {
        foreach (var node in _nodes)
        {
            node.GetRequiredService<NodeState>().MoveTo(NodePhase.Draining);
            var drained = node.GetRequiredService<IRunDrain>().DrainAsync();
            var deadline = Environment.TickCount64 + 10_000;
            while (!drained.IsCompleted && Environment.TickCount64 < deadline)
            {
                Time.Advance(TimeSpan.FromSeconds(1));
                await Task.Delay(2);
            }

            await drained.WaitAsync(TimeSpan.FromSeconds(1));
            await node.DisposeAsync();
        }

        await Storage.DisposeAsync();
    }
}

internal sealed record RunNode(ServiceProvider Services, TestLiveness Liveness)
{
    public IRuns Runs => Services.GetRequiredService<IRuns>();

    public RunScheduler Scheduler => Services.GetRequiredService<RunScheduler>();

    public RunTakeover Takeover => Services.GetRequiredService<RunTakeover>();

    public async Task<RunId> StartRunAsync(UserId user, params StepDefinition[] steps) =>
        Assert.IsType<StartOutcome.Started>(await Runs.StartAsync(user, new NewRun("test", """{"customer":{"id":42,"name":"Ann"}}""", steps), null, default)).Run.Run.Id;

    public Task<RunId> StartRunAsync(params StepDefinition[] steps) => StartRunAsync(RunWorld.User, steps);

    public Task<TriggerOutcome> TriggerAsync(RunId id, TriggerAction? action = null) =>
        Runs.For(id).TriggerAsync(RunWorld.User, action, default);
}

internal static class NodeServicesExtensions
{
    public static IDetachedWork GetDetached(this ServiceProvider services) => services.GetRequiredService<IDetachedWork>();
}
