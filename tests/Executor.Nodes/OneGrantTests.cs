using System.Net;
using Executor.Sandbox.Mcp;
using Executor.Sandbox.OAuth;

namespace Executor.Nodes;

/// <summary>However many callers, on however many nodes, want a new access token: one redemption brings it, and all are served.</summary>
public sealed class OneGrantTests
{
    private const int Nodes = 4;
    private const int CallersPerNode = 200;

    [PostgresFact]
    public async Task Ten_storms_of_callers_on_expired_tokens_each_cost_one_grant()
    {
        await using var cluster = await Cluster.StartAsync(Nodes);
        var offsets = new Random(20260728);

        for (var storm = 1; storm <= 10; storm++)
        {
            var grant = await DepositExpiredAsync(cluster, user: storm);
            var before = cluster.Sandbox.OAuth.Status(grant.GrantId)!.Issued;

            // The offsets are the scenario: callers that meet the refresh before, during and after its flight.
            var callers = Enumerable.Range(0, CallersPerNode)
                .SelectMany(_ => cluster.Nodes, (_, node) => (node, offset: TimeSpan.FromMilliseconds(offsets.Next(300))))
                .ToList();
            var answers = await Task.WhenAll(callers.Select(caller => ListAfterAsync(caller.node, storm, caller.offset)));

            AssertAllServed(answers);
            Assert.Equal(before + 1, cluster.Sandbox.OAuth.Status(grant.GrantId)!.Issued);
        }

        AssertNothingReplayed(cluster);
    }

    [PostgresFact]
    public async Task A_thousand_rejections_at_once_cost_one_grant()
    {
        await using var cluster = await Cluster.StartAsync(Nodes);
        var grant = await DepositAsync(cluster, user: 1, ProviderBehaviour.Strict);
        await Task.WhenAll(cluster.Nodes.Select(node => ListAfterAsync(node, 1)));
        var before = cluster.Sandbox.OAuth.Status(grant.GrantId)!.Issued;

        // Somebody else's listings take every turn there is, so that the callers stand in line, each with the token of before.
        var plug = await PlugAsync(cluster, user: 2);
        var callers = Enumerable.Range(0, CallersPerNode).SelectMany(_ => cluster.Nodes, (_, node) => ListAfterAsync(node, 1)).ToList();
        await Task.Delay(TimeSpan.FromSeconds(3)); // nothing tells from outside who stands in line
        cluster.Sandbox.OAuth.RevokeAccessTokens(grant.GrantId);
        cluster.Sandbox.Mcp.ClearFaults();
        cluster.Sandbox.Mcp.Release();
        var runs = await Task.WhenAll(Enumerable.Range(0, 50).SelectMany(_ => cluster.Nodes, (_, node) => RunAsync(node, user: 1)));

        AssertAllServed(await Task.WhenAll(callers));
        AssertAllServed(await Task.WhenAll(plug));
        Assert.All(runs, status => Assert.Equal("succeeded", status));
        Assert.Equal(before + 1, cluster.Sandbox.OAuth.Status(grant.GrantId)!.Issued);
        AssertNothingReplayed(cluster);
        var rejections = cluster.Sandbox.Mcp.Counters.Refused;
        Assert.True(rejections >= 100, $"Only {rejections} calls were rejected: this was no storm."); // those who stood in line in time
    }

    /// <summary>A credential whose access token was used, and has expired since.</summary>
    private static async Task<MintedGrant> DepositExpiredAsync(Cluster cluster, long user)
    {
        var grant = await DepositAsync(cluster, user, ProviderBehaviour.Strict with { AccessTokenSeconds = 1 });
        await Task.WhenAll(cluster.Nodes.Select(node => ListAfterAsync(node, user)));
        cluster.Sandbox.OAuth.SetBehaviour(grant.GrantId, ProviderBehaviour.Strict);
        await Eventually.TrueAsync(async () => await cluster.ScalarAsync<bool>(
            "SELECT access_token_expires_at < extract(epoch FROM clock_timestamp()) * 1000 "
            + $"FROM credentials WHERE user_id = {user}"));
        return grant;
    }

    private static async Task<MintedGrant> DepositAsync(Cluster cluster, long user, ProviderBehaviour behaviour)
    {
        var grant = cluster.Sandbox.OAuth.Mint(behaviour);
        var deposit = await cluster.Nodes[0].As(user).DepositAsync("strict", grant, cluster.Sandbox);
        Assert.Equal(HttpStatusCode.OK, deposit.Status);
        return grant;
    }

    private static async Task<List<Task<NodeClient.Answer>>> PlugAsync(Cluster cluster, long user)
    {
        const int TurnsPerNode = 64;
        var grant = await DepositAsync(cluster, user, ProviderBehaviour.Strict);
        await Task.WhenAll(cluster.Nodes.Select(node => ListAfterAsync(node, user)));
        cluster.Sandbox.Mcp.SetFault(new McpFault(McpFaultKind.Hang) { Method = "tools/list", GrantId = grant.GrantId, Times = null });
        var plug = Enumerable.Range(0, TurnsPerNode).SelectMany(_ => cluster.Nodes, (_, node) => ListAfterAsync(node, user)).ToList();
        await cluster.Sandbox.Mcp.WaitForHeldAsync(plug.Count, TimeSpan.FromSeconds(30));
        return plug;
    }

    private static async Task<NodeClient.Answer> ListAfterAsync(ClusterNode node, long user, TimeSpan offset = default)
    {
        await Task.Delay(offset);
        return await node.As(user).ListToolsAsync("strict");
    }

    private static async Task<string?> RunAsync(ClusterNode node, long user)
    {
        var client = node.As(user);
        var run = await client.StartRunAsync(
            """{ "name": "echo", "steps": [{ "id": "s", "type": "mcp", "mcpServerId": "strict", "tool": "echo", "arguments": { "text": "x" } }] }""");
        Assert.Equal(HttpStatusCode.Created, run.Status);
        var ended = await client.RunReachesAsync(run.Json.GetProperty("id").GetString()!, "succeeded", "failed", "awaiting-input");
        return ended.GetProperty("status").GetString();
    }

    private static void AssertAllServed(IEnumerable<NodeClient.Answer> answers) =>
        Assert.All(answers, answer => Assert.Equal(HttpStatusCode.OK, answer.Status));

    private static void AssertNothingReplayed(Cluster cluster)
    {
        Assert.Equal(0, cluster.Sandbox.OAuth.Counters.ReplaysOfSpentTokens);
        Assert.Equal(0, cluster.Sandbox.OAuth.Counters.RevokedFamilies);
    }
}
