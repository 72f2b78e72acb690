using System.Net;
using Executor.Sandbox.OAuth;

namespace Executor.Silo.Tests.Processes;

/// <summary>Silos and nodes of the direct engine on one database, as during a move from one to the other.</summary>
public sealed class MixedEnginesTests
{
    [PostgresFact]
    public async Task Storm_over_both_engines_costs_one_grant()
    {
        await using var cluster = await Cluster.StartAsync(2);
        await cluster.AddNodeAsync(NodeProgram.Server);
        for (var storm = 1; storm <= 3; storm++)
        {
            var user = storm;
            var grant = cluster.Sandbox.OAuth.Mint(ProviderBehaviour.Strict);
            Assert.Equal(HttpStatusCode.OK, (await cluster.Nodes[storm % 3].As(user).DepositAsync("strict", grant, cluster.Sandbox)).Status);

            var answers = await Task.WhenAll(
                Enumerable.Range(0, 100).SelectMany(_ => cluster.Nodes, (_, node) => node.As(user).ListToolsAsync("strict")));

            Assert.All(answers, answer => Assert.Equal(HttpStatusCode.OK, answer.Status));
            Assert.Equal(1, cluster.Sandbox.OAuth.Status(grant.GrantId)!.Issued);
        }
    }

    [PostgresFact]
    public async Task Runs_move_from_one_engine_to_the_other_and_back()
    {
        await using var cluster = await Cluster.StartAsync(1);
        var silo = cluster.Nodes[0];
        var node = await cluster.AddNodeAsync(NodeProgram.Server);
        var parked = await StartAsync(silo);
        await silo.As(1).RunReachesAsync(parked, "awaiting-input");

        // Parked by whichever engine; woken by the other's deposit.
        var grant = cluster.Sandbox.OAuth.Mint(ProviderBehaviour.Strict);
        await node.As(1).DepositAsync("strict", grant, cluster.Sandbox);
        await silo.As(1).RunReachesAsync(parked, "succeeded");

        // Each engine alone goes on with what both have left behind.
        foreach (var (leaving, staying) in new[] { (silo, node), (node, await cluster.AddNodeAsync()) })
        {
            leaving.Process.Terminate();
            Assert.Equal(0, await leaving.Process.ExitCodeAsync());
            await staying.As(1).RunReachesAsync(await StartAsync(staying), "succeeded");
        }

        Assert.Equal(1, cluster.Sandbox.OAuth.Status(grant.GrantId)!.Issued);
    }

    private static async Task<string> StartAsync(ClusterNode node) => (await node.As(1).StartRunAsync(
        """{"name":"move","steps":[{"id":"a","type":"mcp","mcpServerId":"strict","tool":"echo","arguments":{"text":"x"}}]}"""))
        .Json.GetProperty("id").GetString()!;
}
