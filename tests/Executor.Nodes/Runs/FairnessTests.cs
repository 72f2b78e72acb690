using System.Net;
using System.Text.Json;
using Executor.Sandbox;
using Executor.Sandbox.Mcp;
using Executor.Sandbox.OAuth;

namespace Executor.Nodes.Runs;

public sealed class FairnessTests
{
    private const int Backlog = 3_000;
    private const int Callers = 64;

    /// <summary>Of one user's runs at one server, on one node.</summary>
    private const int Share = 32;

    private const long Busy = 1;
    private const long Other = 2;

    [PostgresFact]
    public async Task User_with_thousands_of_runs_at_a_slow_server_starves_nobody()
    {
        await using var slow = await SandboxHost.StartAsync();
        await using var cluster = await Cluster.StartAsync(0);
        var servers = cluster.PathOf("slow.json");
        await File.WriteAllTextAsync(servers, JsonSerializer.Serialize(new
        {
            mcpServers = new
            {
                slow = new { url = slow.McpEndpoint, auth = new { type = "oauth2" } },
                strict = new { url = cluster.Sandbox.McpEndpoint, auth = new { type = "oauth2" } },
            },
        }));
        var node = await cluster.AddNodeAsync(("EXECUTOR_MCP_SERVERS", servers));
        slow.Mcp.SetFault(new McpFault(McpFaultKind.Hang) { Method = "tools/call", Times = null });
        await DepositAsync(node, Busy, "slow", slow);
        await DepositAsync(node, Other, "slow", slow);
        await DepositAsync(node, Other, "strict", cluster.Sandbox);

        await Parallel.ForAsync(0, Backlog, new ParallelOptions { MaxDegreeOfParallelism = Callers }, async (index, _) =>
        {
            var answer = await node.As(Busy).StartRunAsync(Run.Of(new Run.Step("create", "slow")), $"key-{index}");
            Assert.Equal(HttpStatusCode.Created, answer.Status);
        });
        await slow.Mcp.WaitForHeldAsync(Share, TimeSpan.FromSeconds(60));

        // Elsewhere nothing of it is felt, and at the slow server itself the other user's run is the next one called.
        var elsewhere = await StartAsync(node, Other, "strict");
        await node.As(Other).RunReachesAsync(elsewhere, "succeeded");
        var there = await StartAsync(node, Other, "slow");
        await slow.Mcp.WaitForHeldAsync(Share + 1, TimeSpan.FromSeconds(60));
        var calls = slow.Mcp.Journal.Read(where: request => request.Method == "tools/call");
        Assert.Equal(Run.Key(there), calls[^1].Meta?["executor/idempotencyKey"]?.GetValue<string>());
        Assert.Equal(Share + 1, calls.Count);
        Assert.Equal(Backlog, await cluster.CountRunsAsync($"user_id = {Busy} AND status IN ('pending', 'running')"));

        // Nothing that was accepted is lost either.
        slow.Mcp.ClearFaults();
        await Eventually.TrueAsync(
            async () =>
            {
                slow.Mcp.Release();
                return await cluster.CountRunsAsync("status = 'succeeded'") == Backlog + 2;
            },
            TimeSpan.FromSeconds(120));
        Assert.Equal(Backlog + 1, slow.Mcp.Effects.Count);
        Assert.All(slow.Mcp.Effects.Values, times => Assert.Equal(1, times));
    }

    private static async Task DepositAsync(ClusterNode node, long user, string server, SandboxHost world)
    {
        var deposit = await node.As(user).DepositAsync(server, world.OAuth.Mint(ProviderBehaviour.Strict), world);
        Assert.Equal(HttpStatusCode.OK, deposit.Status);
    }

    private static async Task<string> StartAsync(ClusterNode node, long user, string server) =>
        (await node.As(user).StartRunAsync(Run.Of(new Run.Step("create", server)))).Json.GetProperty("id").GetString()!;
}
