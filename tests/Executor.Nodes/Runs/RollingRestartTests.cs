using System.Collections.Concurrent;
using System.Net;
using Executor.Sandbox.OAuth;

namespace Executor.Nodes.Runs;

public sealed class RollingRestartTests
{
    private const int Nodes = 2;
    private const int Rounds = 20;
    private const int Starters = 4;

    private static readonly string ThreeSteps = Run.Of(
        new Run.Step("create", Arguments: new { name = "first" }),
        new Run.Step("echo", Arguments: new { text = "{{ steps.s0.structuredContent.name }}" }),
        new Run.Step("create", "grace", new { name = "{{ steps.s1.structuredContent.text }}" }));

    private readonly ConcurrentDictionary<string, bool> _started = new(StringComparer.Ordinal);
    private readonly ConcurrentBag<PatientClient> _callers = [];
    private volatile List<ClusterNode> _inService = [];
    private volatile bool _over;

    [PostgresFact]
    public async Task Restarting_all_nodes_twenty_times_under_load_loses_nothing_and_doubles_nothing()
    {
        await using var cluster = await Cluster.StartAsync(Nodes);
        _inService = [.. cluster.Nodes];
        foreach (var server in new[] { "strict", "grace" })
            await DepositAsync(Caller(1), cluster, server);

        var load = Enumerable.Range(0, Starters).Select(_ => StartRunsAsync())
            .Append(ListToolsAsync())
            .Append(ParkAndDepositAsync(cluster))
            .ToList();
        for (var restart = 0; restart < Rounds * Nodes; restart++)
        {
            // Load goes on between any two restarts.
            var before = _started.Count;
            await Eventually.TrueAsync(() => Task.FromResult(_started.Count > before || load.Exists(task => task.IsFaulted)), TimeSpan.FromSeconds(60));
            await RestartAsync(cluster, _inService[0]);
            if (load.Find(task => task.IsFaulted) is { } broken)
                await broken;
        }

        _over = true;
        await Task.WhenAll(load);

        await cluster.UntilRunsAsync("status IN ('succeeded', 'failed', 'cancelled')", _started.Count);
        Assert.Equal(_started.Count, await cluster.CountRunsAsync("status = 'succeeded'"));
        var effects = _started.Keys.SelectMany(id => new[] { Run.Key(id, 0), Run.Key(id, 2) }).ToDictionary(key => key, _ => 1);
        Assert.Equivalent(effects, cluster.Sandbox.Mcp.Effects, strict: true);
        Assert.Equal(0, cluster.Sandbox.OAuth.Counters.ReplaysOfSpentTokens);
        var why = _callers.SelectMany(caller => caller.TriedAgain.Keys).Distinct(StringComparer.Ordinal);
        Assert.Equal("", string.Join(' ', why.Except(["ConnectionError", PatientClient.ConnectionClosed, "urn:executor:problem:credential-unavailable"], StringComparer.Ordinal)));
    }

    private async Task RestartAsync(Cluster cluster, ClusterNode old)
    {
        var starting = cluster.AddNodeAsync();
        old.Process.Terminate();
        Assert.Equal(0, await old.Process.ExitCodeAsync());
        _inService = [.. _inService.Where(node => node != old)];
        _inService = [.. _inService, await starting];
    }

    private PatientClient Caller(long user)
    {
        var caller = new PatientClient(() => _inService, user, seed: _callers.Count);
        _callers.Add(caller);
        return caller;
    }

    private static async Task<string> DepositAsync(PatientClient caller, Cluster cluster, string server)
    {
        var grant = cluster.Sandbox.OAuth.Mint(ProviderBehaviour.Strict);
        var answer = await caller.SendAsync(node => node.DepositAsync(server, grant, cluster.Sandbox));
        Assert.Equal(HttpStatusCode.OK, answer.Status);
        return grant.GrantId;
    }

    private async Task<string> StartAsync(PatientClient caller)
    {
        var key = $"{Guid.NewGuid()}";
        var answer = await caller.SendAsync(node => node.StartRunAsync(ThreeSteps, key));
        Assert.True(answer.Status is HttpStatusCode.Created or HttpStatusCode.OK, answer.Body);
        var id = answer.Json.GetProperty("id").GetString()!;
        Assert.True(_started.TryAdd(id, true));
        return id;
    }

    private async Task StartRunsAsync()
    {
        var caller = Caller(1);
        while (!_over)
            await UntilAsync(caller, await StartAsync(caller), "succeeded");
    }

    private async Task ListToolsAsync()
    {
        var caller = Caller(1);
        while (!_over)
            Assert.Equal(HttpStatusCode.OK, (await caller.SendAsync(node => node.ListToolsAsync("strict"))).Status);
    }

    /// <summary>Runs that park, and go on with the deposit; the next one parks again because the grant was withdrawn.</summary>
    private async Task ParkAndDepositAsync(Cluster cluster)
    {
        var caller = Caller(2);
        await DepositAsync(caller, cluster, "grace");
        while (!_over)
        {
            var id = await StartAsync(caller);
            await UntilAsync(caller, id, "awaiting-input");
            var grant = await DepositAsync(caller, cluster, "strict");
            await UntilAsync(caller, id, "succeeded");
            cluster.Sandbox.OAuth.Revoke(grant);
        }
    }

    private static Task UntilAsync(PatientClient caller, string id, string status) => Eventually.TrueAsync(
        async () =>
        {
            var answer = await caller.SendAsync(node => node.GetRunAsync(id));
            Assert.True(answer.Status == HttpStatusCode.OK, answer.Body);
            var now = answer.Json.GetProperty("status").GetString();
            Assert.NotEqual("failed", now);
            return now == status;
        },
        TimeSpan.FromSeconds(90));
}
