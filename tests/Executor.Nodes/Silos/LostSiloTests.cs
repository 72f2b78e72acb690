using System.Net;
using Executor.Sandbox.Mcp;
using Executor.Sandbox.OAuth;

namespace Executor.Nodes.Silos;

public sealed class LostSiloTests
{
    private const string Search =
        """{"name":"lost","steps":[{"id":"a","type":"mcp","mcpServerId":"strict","tool":"search","arguments":{"query":"x"}}]}""";

    [PostgresFact]
    public async Task Silos_start_elsewhere_after_all_were_lost()
    {
        await using var cluster = await Cluster.StartAsync(2);
        await cluster.Nodes[0].As(1).DepositAsync("strict", cluster.Sandbox.OAuth.Mint(ProviderBehaviour.Strict), cluster.Sandbox);
        foreach (var node in cluster.Nodes)
            node.Process.Kill();

        var successor = await cluster.AddNodeAsync();

        Assert.Equal(HttpStatusCode.OK, (await successor.As(1).ListToolsAsync("strict")).Status);
    }

    /// <summary>At its port too, as a supervisor does. Its runs are not its successor's by its name: that one has claimed none.</summary>
    [PostgresFact]
    public async Task Runs_of_a_silo_that_is_killed_and_started_at_once_under_its_name_go_on()
    {
        await using var cluster = await Cluster.StartAsync(0);
        int[] ports = [Ports.Free(), Ports.Free()];
        foreach (var port in ports)
            await cluster.AddNodeAsync(("SILO_PORT", $"{port}"));
        await cluster.Nodes[0].As(1).DepositAsync("strict", cluster.Sandbox.OAuth.Mint(ProviderBehaviour.Strict), cluster.Sandbox);
        cluster.Sandbox.Mcp.SetFault(new McpFault(McpFaultKind.Hang) { Tool = "search", Times = 1 });
        var run = (await cluster.Nodes[0].As(1).StartRunAsync(Search)).Json.GetProperty("id").GetString()!;
        await cluster.Sandbox.Mcp.WaitForHeldAsync();
        var owner = await cluster.ScalarAsync<string>("SELECT owner_name FROM runs");
        var (victim, other) = cluster.Nodes[0].Name == owner ? (cluster.Nodes[0], cluster.Nodes[1]) : (cluster.Nodes[1], cluster.Nodes[0]);

        victim.Process.Kill();
        var successor = await cluster.AddNodeAsync(("EXECUTOR_NODE_NAME", victim.Name), ("SILO_PORT", $"{ports[victim == cluster.Nodes[0] ? 0 : 1]}"));

        await successor.As(1).RunReachesAsync(run, "succeeded");
        Assert.Equal(HttpStatusCode.OK, await other.ReadinessAsync());
        Assert.Equal(1, cluster.Sandbox.OAuth.Counters.Issued);
    }

    [PostgresTheory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Callers_elsewhere_are_served_and_runs_go_on_when_a_silo_is_killed_or_hangs(bool isKilled)
    {
        await using var cluster = await Cluster.StartAsync(2);
        foreach (var user in Enumerable.Range(1, 20))
        {
            await cluster.Nodes[0].As(user).DepositAsync("strict", cluster.Sandbox.OAuth.Mint(ProviderBehaviour.Strict), cluster.Sandbox);
            Assert.Equal(HttpStatusCode.OK, (await cluster.Nodes[0].As(user).ListToolsAsync("strict")).Status);
        }

        // Of the credentials' activations, some are on either silo; the run's driver is where its call came from.
        cluster.Sandbox.Mcp.SetFault(new McpFault(McpFaultKind.Hang) { Tool = "search" });
        var run = (await cluster.Nodes[0].As(1).StartRunAsync(Search)).Json.GetProperty("id").GetString()!;
        await cluster.Sandbox.Mcp.WaitForHeldAsync();
        var driver = await cluster.ScalarAsync<string>("SELECT owner_name FROM runs");
        var victim = cluster.Nodes.Single(node => node.Name == driver);
        var survivor = cluster.Nodes.Single(node => node.Name != driver);

        if (isKilled)
            victim.Process.Kill();
        else
            victim.Process.Freeze();
        var answers = await Task.WhenAll(Enumerable.Range(1, 20).Select(user => survivor.As(user).ListToolsAsync("strict")));

        Assert.All(answers, answer => Assert.Equal(HttpStatusCode.OK, answer.Status));
        await survivor.As(1).RunReachesAsync(run, "succeeded");
        if (!isKilled)
        {
            // Its supervisor is told that it failed.
            victim.Process.Thaw();
            Assert.Equal(1, await victim.Process.ExitCodeAsync());
        }

        Assert.Equal(20, cluster.Sandbox.OAuth.Counters.Issued);
        Assert.Equal(0, cluster.Sandbox.OAuth.Counters.ReplaysOfSpentTokens);
    }
}
