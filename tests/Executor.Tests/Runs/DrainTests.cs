using Executor.Nodes;
using Executor.Runs;
using Executor.Runs.Scheduling;
using Microsoft.Extensions.DependencyInjection;

namespace Executor.Tests.Runs;

public class DrainTests
{
    [Fact]
    public async Task Drain_lets_a_call_finish_and_hands_the_rest_of_the_run_over()
    {
        await using var world = await RunWorld.StartAsync();
        var held = world.Gateway.Held("tool");
        world.Gateway.Tool("after", _ => ScriptedGateway.Ok());
        var node = await world.StartedNodeAsync("a");
        var id = await node.StartRunAsync(RunWorld.Step("a", "tool"), RunWorld.Step("b", "after"));
        await world.Gateway.Calls.WaitForAsync(_ => true);

        var drained = Drain(node);
        Assert.False(drained.IsCompleted);
        held.SetResult(ScriptedGateway.Ok());
        await drained.WaitAsync(TimeSpan.FromSeconds(15));
        var queued = (await node.Runs.For(id).ReadAsync(RunWorld.User, default))!;
        Assert.Equal((RunStatus.Pending, 1, StepStatus.Succeeded), (queued.Run.Status, queued.Run.Position, queued.Steps[0].Status));

        await world.UntilAsync(await world.StartedNodeAsync("b"), id, RunStatus.Succeeded);
        Assert.Equal((1, 1), (world.Gateway.CountOf("tool"), world.Gateway.CountOf("after")));
    }

    [Theory]
    [InlineData("""{"idempotentHint":true}""", RunStatus.Succeeded)]
    [InlineData("{}", RunStatus.AwaitingInput)]
    public async Task Drain_ends_a_call_that_lasts_too_long_as_if_the_node_had_died(string annotations, RunStatus elsewhere)
    {
        await using var world = await RunWorld.StartAsync();
        world.Gateway.Held("tool", annotations);
        var node = await world.StartedNodeAsync("a", options => options.StopTimeout = TimeSpan.FromSeconds(10));
        var id = await node.StartRunAsync(RunWorld.Step("a", "tool"));
        await world.Gateway.Calls.WaitForAsync(_ => true);

        var began = world.Time.GetUtcNow();
        var drained = Drain(node);
        await world.AdvanceUntilAsync(() => Task.FromResult(drained.IsCompleted), TimeSpan.FromMilliseconds(500));
        Assert.True(world.Time.GetUtcNow() - began >= TimeSpan.FromSeconds(10));
        var left = (await node.Runs.For(id).ReadAsync(RunWorld.User, default))!;
        Assert.Equal((RunStatus.Pending, StepStatus.Executing), (left.Run.Status, left.Steps[0].Status));
        Assert.Null(left.Steps[0].Error);

        world.Gateway.Tool("tool", _ => ScriptedGateway.Ok(), annotations);
        var run = await world.UntilAsync(await world.StartedNodeAsync("b"), id, elsewhere);
        Assert.Equal(elsewhere == RunStatus.Succeeded ? 2 : 1, run.Steps[0].Attempts);
    }

    [Fact]
    public async Task Drain_claims_nothing_more()
    {
        await using var world = await RunWorld.StartAsync();
        var node = await world.StartedNodeAsync("a");
        await Drain(node).WaitAsync(TimeSpan.FromSeconds(15));
        var id = await node.StartRunAsync(RunWorld.Step("a", "tool"));
        Assert.Equal(RunStatus.Pending, (await node.Runs.For(id).ReadAsync(RunWorld.User, default))!.Run.Status);
        Assert.True(node.Scheduler.ExecuteTask!.IsCompleted);
    }

    [Fact]
    public async Task Prune_deletes_finished_runs_after_their_retention_in_batches()
    {
        await using var world = await RunWorld.StartAsync();
        world.Gateway.Tool("tool", _ => ScriptedGateway.Ok());
        var node = await world.StartedNodeAsync();
        var old = new List<RunId>();
        for (var n = 0; n < RunPruner.Batch + 10; n++)
            old.Add(await node.StartRunAsync(RunWorld.Step("a", "tool")));
        foreach (var id in old)
            await world.UntilAsync(node, id, RunStatus.Succeeded);
        var parked = await node.StartRunAsync(RunWorld.Step("a", "tool", server: RunWorld.Protected));
        await world.UntilAsync(node, parked, RunStatus.AwaitingInput);
        world.Time.Advance(TimeSpan.FromDays(29));
        var young = await node.StartRunAsync(RunWorld.Step("a", "tool"));
        await world.UntilAsync(node, young, RunStatus.Succeeded);

        world.Time.Advance(TimeSpan.FromDays(1.1));
        var pruned = node.Services.GetRequiredService<RunPruner>().PruneAsync(default);
        await world.AdvanceUntilAsync(() => Task.FromResult(pruned.IsCompleted), TimeSpan.FromMilliseconds(50));
        await pruned;
        var left = await node.Runs.ListAsync(RunWorld.User, new RunFilter(), 1000, default);
        Assert.Equal([young, parked], left.Select(run => run.Id));
    }

    private static Task Drain(RunNode node)
    {
        // As the host does: the node's state first, which the liveness of a real node follows.
        node.Services.GetRequiredService<NodeState>().MoveTo(NodePhase.Draining);
        node.Liveness.MayStartSteps = false;
        return node.Services.GetRequiredService<IRunDrain>().DrainAsync();
    }
}
