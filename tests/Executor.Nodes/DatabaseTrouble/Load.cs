using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Net;
using Executor.Sandbox.Mcp;
using Executor.Sandbox.OAuth;

namespace Executor.Nodes.DatabaseTrouble;

/// <summary>Callers of every node who go on whatever happens to the database, and remember all that was acknowledged.</summary>
internal sealed class Load : IAsyncDisposable
{
    private const string Server = "strict";
    private const int Listers = 6;
    private const int Depositors = 2;

    private static readonly TimeSpan Pace = TimeSpan.FromMilliseconds(25);

    /// <summary>
    /// A node whose notification is lost with its session uses what it knows for five seconds more; a request under way then is given
    /// as long again.
    /// </summary>
    private static readonly TimeSpan UntilEveryNodeKnows = TimeSpan.FromSeconds(10);

    private readonly Cluster _cluster;
    private readonly ProviderBehaviour _provider;
    private readonly ConcurrentDictionary<long, (string Id, DateTimeOffset AcknowledgedAt)> _grants = new();
    private readonly ConcurrentDictionary<string, long> _runs = new();
    private readonly ConcurrentQueue<string> _wrong = new();
    private readonly CancellationTokenSource _end = new();
    private readonly List<Task> _callers = [];
    private volatile bool _isAbandoned;
    private volatile ImmutableList<ClusterNode> _nodes;
    private int _turn;
    private int _answered;

    private Load(Cluster cluster, TimeSpan tokenLifetime)
    {
        _cluster = cluster;
        _nodes = [.. cluster.Nodes];
        _provider = ProviderBehaviour.Strict with { AccessTokenSeconds = (int)tokenLifetime.TotalSeconds };
    }

    /// <summary>How much was acknowledged: calls, deposits and runs.</summary>
    public int Acknowledged => Volatile.Read(ref _answered);

    /// <summary>With deposits, and with tokens that do not last: there is always a refresh under way when something happens.</summary>
    public static Task<Load> StartAsync(Cluster cluster) => StartAsync(cluster, TimeSpan.FromSeconds(8), deposits: true);

    /// <summary>Without any refresh or deposit, after the first ones.</summary>
    public static Task<Load> StartWithoutRefreshesAsync(Cluster cluster) => StartAsync(cluster, TimeSpan.FromHours(1), deposits: false);

    private static async Task<Load> StartAsync(Cluster cluster, TimeSpan tokenLifetime, bool deposits)
    {
        var load = new Load(cluster, tokenLifetime);
        for (var user = 1; user <= Listers + Depositors; user++)
        {
            await load.DepositAsync(user);
            await load.ListAsync(user);
        }

        for (long user = 1; user <= Listers + Depositors; user++)
        {
            var caller = user;
            load.Repeat(() => load.ListAsync(caller));
            load.Repeat(() => load.RunAsync(caller));
            if (deposits && caller > Listers)
                load.Repeat(() => load.DepositAsync(caller));
        }

        await load.GoesOnAsync();
        return load;
    }

    /// <summary>One node takes another's place before the callers.</summary>
    public void Replace(ClusterNode leaving, ClusterNode? coming = null) =>
        _nodes = coming is null ? _nodes.Remove(leaving) : _nodes.Remove(leaving).Add(coming);

    /// <summary>Returns when the callers have been served some more.</summary>
    public Task GoesOnAsync(int times = 60)
    {
        var enough = Acknowledged + times;
        return Eventually.TrueAsync(() => Task.FromResult(Acknowledged >= enough), TimeSpan.FromSeconds(90));
    }

    /// <summary>Ends the load, waits until all nodes are well again, and looks for everything that was acknowledged.</summary>
    public async Task VerifyAsync()
    {
        await Task.WhenAll(_nodes.Select(node => node.ReadyAsync()));
        await GoesOnAsync();
        await _end.CancelAsync();
        await Task.WhenAll(_callers);
        Assert.Empty(_wrong);
        foreach (var node in _nodes)
            await Task.WhenAll(_grants.Keys.Select(user => OwnToolsAsync(node, user)));
        await Task.WhenAll(_runs.Select(run => EffectAsync(run.Key, run.Value)));

        var replayed = _cluster.Sandbox.OAuth.Journal.Read(where: request => request.Replay || request.RevokedFamily);
        Assert.True(replayed.Count == 0, string.Join('\n', replayed.Select(Describe)));
    }

    /// <summary>Of a test that failed, the callers stop wherever they are.</summary>
    public async ValueTask DisposeAsync()
    {
        _isAbandoned = true;
        await _end.CancelAsync();
        await Task.WhenAll(_callers).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _end.Dispose();
    }

    private void Repeat(Func<Task> call) => _callers.Add(Task.Run(async () =>
    {
        while (!_end.IsCancellationRequested)
        {
            await call();
            await Task.Delay(Pace);
        }
    }));

    private async Task ListAsync(long user) => await CallAsync("list", user, node => node.ListToolsAsync(Server));

    /// <summary>Until it is acknowledged, with the same grant, as a client does.</summary>
    private async Task DepositAsync(long user)
    {
        var grant = _cluster.Sandbox.OAuth.Mint(_provider, $"user-{user}");
        while (await CallAsync("deposit", user, node => node.DepositAsync(Server, grant, _cluster.Sandbox)) is null)
            await PauseAsync();
        _grants[user] = (grant.GrantId, TimeProvider.System.GetUtcNow());
    }

    private async Task RunAsync(long user)
    {
        const string Run = $$"""{"name":"load","steps":[{"id":"s","type":"mcp","mcpServerId":"{{Server}}","tool":"create"}]}""";
        var key = Guid.NewGuid().ToString();
        NodeClient.Answer? answer;
        while ((answer = await CallAsync("run", user, node => node.StartRunAsync(Run, key))) is null)
            await PauseAsync();
        _runs[answer.Value.Json.GetProperty("id").GetString()!] = user;
    }

    /// <summary>One node after the other is called; null where it did not acknowledge.</summary>
    private async Task<NodeClient.Answer?> CallAsync(string what, long user, Func<NodeClient, Task<NodeClient.Answer>> call)
    {
        var nodes = _nodes;
        var node = nodes[(int)((uint)Interlocked.Increment(ref _turn) % nodes.Count)];
        try
        {
            var answer = await call(node.As(user));
            return Judge($"{what} at {node.Name}", answer) ? answer : null;
        }
        catch (HttpRequestException) when (!_nodes.Contains(node))
        {
            return null; // it has left
        }
    }

    private Task PauseAsync() => _isAbandoned ? throw new OperationCanceledException() : Task.Delay(Pace);

    /// <summary>Done, or to be asked again; nobody is ever told anything else.</summary>
    private bool Judge(string what, NodeClient.Answer answer)
    {
        if (answer.Status is HttpStatusCode.OK or HttpStatusCode.Created)
        {
            Interlocked.Increment(ref _answered);
            return true;
        }

        if (answer.Status != HttpStatusCode.ServiceUnavailable)
            _wrong.Enqueue($"{what}: {(int)answer.Status} {answer.Body}");
        return false;
    }

    /// <summary>The user's tools are asked for with the newest grant that the user has deposited, as soon as the node has to know it.</summary>
    private async Task OwnToolsAsync(ClusterNode node, long user)
    {
        var before = _cluster.Sandbox.Mcp.Journal.Position;
        var (newest, acknowledgedAt) = _grants[user];
        IReadOnlyList<McpRequest> Asked() =>
            _cluster.Sandbox.Mcp.Journal.Read(before, request => request.User == $"user-{user}" && request.Method == "tools/list");

        await Eventually.TrueAsync(
            async () => Judge("list", await node.As(user).ListToolsAsync(Server)) && Asked()[^1].GrantId == newest, TimeSpan.FromSeconds(60));
        Assert.All(
            Asked().Where(request => request.ReceivedAt > acknowledgedAt + UntilEveryNodeKnows),
            request => Assert.Equal(newest, request.GrantId));
        Assert.Empty(_wrong);
    }

    /// <summary>The run's step took effect once. Where that was not known, the user is asked, and looks.</summary>
    private async Task EffectAsync(string run, long user)
    {
        var client = _nodes[0].As(user);
        var end = await client.RunReachesAsync(run, "succeeded", "failed", "awaiting-input");
        if (end.GetProperty("status").GetString() is "awaiting-input")
        {
            Assert.Equal("interrupted", end.GetProperty("awaitingInputReason").GetString());
            var action = Effects(run) == 0 ? "retry" : "skip";
            var told = await client.SendAsync(HttpMethod.Post, $"/runs/{run}/trigger", new StringContent($$"""{"action":"{{action}}"}""", null, "application/json"));
            Assert.Equal(HttpStatusCode.OK, told.Status);
            end = await client.RunReachesAsync(run, "succeeded", "failed", "awaiting-input");
        }

        Assert.Equal(("succeeded", 1), (end.GetProperty("status").GetString(), Effects(run)));
    }

    /// <summary>Everything that was asked with the grant.</summary>
    private string Describe(GrantRequest replay) => string.Join(
        '\n', _cluster.Sandbox.OAuth.Journal.Read(where: request => request.GrantId == replay.GrantId));

    private int Effects(string run) => _cluster.Sandbox.Mcp.Effects.GetValueOrDefault($"{run}/0");
}
