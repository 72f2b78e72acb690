using System.Net;
using System.Text.Json;
using Executor.Sandbox.Mcp;
using Executor.Sandbox.OAuth;

namespace Executor.Nodes.Runs;

/// <summary>Nodes that are killed or frozen while a tool works for them.</summary>
public sealed class LostNodeTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    [PostgresFact]
    public async Task Node_killed_in_a_call_leaves_to_another_what_may_be_repeated_and_to_the_user_what_may_not()
    {
        await using var cluster = await Cluster.StartAsync(1);
        await DepositAsync(cluster, user: 1);
        cluster.Sandbox.Mcp.SetFault(new McpFault(McpFaultKind.Hang) { AfterExecuting = true, Method = "tools/call", Times = 4 });
        var readOnly = await StartAsync(cluster, 1, new Run.Step("echo", Arguments: new { text = "again" }));
        var effectful = await StartAsync(cluster, 1, new Run.Step("create"));
        var retried = await StartAsync(cluster, 1, new Run.Step("create", OnUnknown: "retry"));
        var asked = await StartAsync(cluster, 1, new Run.Step("echo", OnUnknown: "ask"));
        await cluster.Sandbox.Mcp.WaitForHeldAsync(4, Patience);
        var heir = await cluster.AddNodeAsync();

        cluster.Nodes[0].Process.Kill();

        var user = heir.As(1);
        Assert.Equal("again", Result(await user.RunReachesAsync(readOnly, "succeeded")).GetProperty("text").GetString());
        Assert.Equal(2, Result(await user.RunReachesAsync(retried, "succeeded")).GetProperty("times").GetInt32());
        foreach (var id in new[] { effectful, asked })
        {
            var waiting = await user.RunReachesAsync(id, "awaiting-input");
            Assert.Equal("interrupted", waiting.GetProperty("awaitingInputReason").GetString());
        }

        Assert.Equal(1, cluster.Sandbox.Mcp.Effects[Run.Key(effectful)]);
        Assert.Single(cluster.Sandbox.Mcp.Journal.Read(where: call => IsCallOf(call, asked)));

        // The user decides: one is done after all, the other is called again, by the same key.
        Assert.Equal(HttpStatusCode.OK, (await user.TriggerAsync(asked, "skip")).Status);
        Assert.Equal(HttpStatusCode.OK, (await user.TriggerAsync(effectful, "retry")).Status);
        await user.RunReachesAsync(asked, "succeeded");
        await user.RunReachesAsync(effectful, "succeeded");
        Assert.Equal(2, cluster.Sandbox.Mcp.Effects[Run.Key(effectful)]);
        Assert.Single(cluster.Sandbox.Mcp.Journal.Read(where: call => IsCallOf(call, asked)));
    }

    [PostgresFact]
    public async Task Thawed_nodes_late_results_are_refused()
    {
        await using var cluster = await Cluster.StartAsync(1);
        await DepositAsync(cluster, user: 1);
        var slow = await DepositAsync(cluster, user: 2);
        var create = new McpFault(McpFaultKind.Hang) { AfterExecuting = true, Tool = "create" };
        cluster.Sandbox.Mcp.SetFault(create with { Times = 2 });
        var finished = await StartAsync(cluster, 1, new Run.Step("create", OnUnknown: "retry"), new Run.Step("echo"));
        var working = await StartAsync(cluster, 2, new Run.Step("create", OnUnknown: "retry"), new Run.Step("echo"));
        var zombies = await cluster.Sandbox.Mcp.WaitForHeldAsync(2, Patience);
        var frozen = cluster.Nodes[0].Process;
        var heir = await cluster.AddNodeAsync();

        // One run has ended elsewhere when the frozen node comes back; of the other, the second call is still under way.
        cluster.Sandbox.Mcp.SetFault(create with { GrantId = slow });
        frozen.Freeze();
        var before = await heir.As(1).RunReachesAsync(finished, "succeeded");
        var second = Assert.Single(
            await cluster.Sandbox.Mcp.WaitForRequestsAsync(
                call => call.Stage == McpStage.Held && zombies.All(other => other.Sequence != call.Sequence), timeout: Patience));
        foreach (var call in zombies)
            cluster.Sandbox.Mcp.Release(call.Sequence);
        frozen.Thaw();
        foreach (var id in new[] { finished, working })
            await Eventually.TrueAsync(() => Task.FromResult(frozen.Output.Contains($"Run {id} is no longer this node", StringComparison.Ordinal)), Patience);

        Assert.Equal("running", (await heir.As(2).GetRunAsync(working)).Json.GetProperty("status").GetString());
        cluster.Sandbox.Mcp.Release(second.Sequence);
        var after = await heir.As(2).RunReachesAsync(working, "succeeded");
        Assert.Equal(2, Result(after).GetProperty("times").GetInt32());
        Assert.Equal(2, Result(before).GetProperty("times").GetInt32());
        Assert.Equal(before.GetRawText(), (await heir.As(1).GetRunAsync(finished)).Body);
        Assert.Equal(2, cluster.Sandbox.Mcp.Effects[Run.Key(finished)]);
        Assert.Equal(2, cluster.Sandbox.Mcp.Effects[Run.Key(working)]);
    }

    private static async Task<string> DepositAsync(Cluster cluster, long user)
    {
        var grant = cluster.Sandbox.OAuth.Mint(ProviderBehaviour.Strict);
        var deposit = await cluster.Nodes[0].As(user).DepositAsync("strict", grant, cluster.Sandbox);
        Assert.Equal(HttpStatusCode.OK, deposit.Status);
        return grant.GrantId;
    }

    private static async Task<string> StartAsync(Cluster cluster, long user, params Run.Step[] steps) =>
        (await cluster.Nodes[0].As(user).StartRunAsync(Run.Of(steps))).Json.GetProperty("id").GetString()!;

    /// <summary>Of the first step.</summary>
    private static JsonElement Result(JsonElement run) =>
        run.GetProperty("steps")[0].GetProperty("result").GetProperty("structuredContent");

    private static bool IsCallOf(McpRequest request, string run) =>
        request.Method == "tools/call" && request.Meta?["executor/idempotencyKey"]?.GetValue<string>() == Run.Key(run);
}
