using System.Net;
using Executor.Sandbox.Mcp;
using Executor.Sandbox.OAuth;

namespace Executor.Nodes.Runs;

public sealed class WakeTests
{
    private const int Runs = 1_000;
    private const int Nodes = 3;

    /// <summary>Of one user's runs at one server, on one node.</summary>
    private const int Share = 32;

    [PostgresFact]
    public async Task Deposit_wakes_a_thousand_parked_runs_once_each_and_every_node_works_on_them()
    {
        await using var cluster = await Cluster.StartAsync(Nodes);
        var started = await StartAsync(cluster);
        await cluster.UntilRunsAsync("awaiting_reason = 'needs-oauth-reauth'", Runs);
        var changes = await StatusChanges.WatchAsync(cluster);

        // Held, so that no node is done with its share before another has taken any.
        cluster.Sandbox.Mcp.SetFault(new McpFault(McpFaultKind.Hang) { Tool = "create", Times = null });
        var deposit = await cluster.Nodes[1].As(1).DepositAsync("strict", cluster.Sandbox.OAuth.Mint(ProviderBehaviour.Strict), cluster.Sandbox);
        Assert.Equal(HttpStatusCode.OK, deposit.Status);
        await cluster.Sandbox.Mcp.WaitForHeldAsync(Nodes * Share, TimeSpan.FromSeconds(60));
        await cluster.ReleaseUntilRunsAsync("status = 'succeeded'", Runs);

        var once = started.ToDictionary(id => id, _ => 1L, StringComparer.Ordinal);
        Assert.Equivalent(once, await changes.CountAsync("awaiting-input", "pending"), strict: true);
        Assert.Equivalent(started.ToDictionary(id => Run.Key(id), _ => 1), cluster.Sandbox.Mcp.Effects, strict: true);
        Assert.Equal(1, await cluster.ScalarAsync<int>("SELECT max(attempts) FROM run_steps"));
        Assert.Equal(Nodes, await changes.ClaimersAsync());
        Assert.Equal(1, cluster.Sandbox.OAuth.Counters.Issued);
    }

    private static async Task<string[]> StartAsync(Cluster cluster)
    {
        var ids = new string[Runs];
        await Parallel.ForAsync(0, Runs, new ParallelOptions { MaxDegreeOfParallelism = 32 }, async (index, _) =>
        {
            var answer = await cluster.Nodes[index % Nodes].As(1).StartRunAsync(Run.Of(new Run.Step("create")));
            Assert.Equal(HttpStatusCode.Created, answer.Status);
            ids[index] = answer.Json.GetProperty("id").GetString()!;
        });
        return ids;
    }
}
