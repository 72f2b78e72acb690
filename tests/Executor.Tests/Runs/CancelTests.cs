using Executor.Runs;

namespace Executor.Tests.Runs;

public class CancelTests
{
    [Fact]
    public async Task Cancel_reaches_the_call_in_flight_from_another_node()
    {
        await using var world = await RunWorld.StartAsync();
        world.Gateway.Held("tool");
        var node = await world.StartedNodeAsync("a");
        var other = world.Node("b");
        var id = await node.StartRunAsync(RunWorld.Step("a", "tool"), RunWorld.Step("b", "tool"));
        await world.Gateway.Calls.WaitForAsync(_ => true);

        Assert.Equal(CancelOutcome.Requested, await other.Runs.For(id).CancelAsync(RunWorld.User, default));
        Assert.Equal(CancelOutcome.Requested, await other.Runs.For(id).CancelAsync(RunWorld.User, default));
        await world.AdvanceUntilAsync(node, id, record => record.Run.Status == RunStatus.Cancelled, TimeSpan.FromMilliseconds(10));

        var run = (await node.Runs.For(id).ReadAsync(RunWorld.User, default))!;
        Assert.Equal((StepStatus.Cancelled, StepStatus.Pending), (run.Steps[0].Status, run.Steps[1].Status));
        await world.Gateway.Cancelled.WaitForAsync(_ => true);
        Assert.Equal(CancelOutcome.Finished, await node.Runs.For(id).CancelAsync(RunWorld.User, default));
        Assert.Equal(TriggerOutcome.Finished, await node.TriggerAsync(id));
    }

    [Fact]
    public async Task Cancel_that_comes_with_the_result_keeps_the_result_and_begins_nothing_more()
    {
        await using var world = await RunWorld.StartAsync();
        var held = world.Gateway.Held("tool");
        var node = await world.StartedNodeAsync();
        var id = await node.StartRunAsync(RunWorld.Step("a", "tool"), RunWorld.Step("b", "tool"));
        await world.Gateway.Calls.WaitForAsync(_ => true);

        // The clock stands still, so the driver has not looked yet.
        Assert.Equal(CancelOutcome.Requested, await node.Runs.For(id).CancelAsync(RunWorld.User, default));
        held.SetResult(ScriptedGateway.Ok("""{"done":1}"""));
        var run = await world.UntilAsync(node, id, RunStatus.Cancelled);
        Assert.Equal((StepStatus.Succeeded, """{"done":1}"""), (run.Steps[0].Status, run.Steps[0].Result));
        Assert.Equal(StepStatus.Cancelled, run.Steps[1].Status);
        Assert.Equal(1, world.Gateway.CountOf("tool"));
    }

    [Fact]
    public async Task Cancel_of_a_waiting_run_is_immediate_and_no_deposit_wakes_it()
    {
        await using var world = await RunWorld.StartAsync();
        var node = await world.StartedNodeAsync();
        var id = await node.StartRunAsync(RunWorld.Step("a", "tool", server: RunWorld.Protected));
        await world.UntilAsync(node, id, RunStatus.AwaitingInput);

        Assert.Equal(CancelOutcome.Cancelled, await node.Runs.For(id).CancelAsync(RunWorld.User, default));
        var cancelled = (await node.Runs.For(id).ReadAsync(RunWorld.User, default))!;
        Assert.Equal((RunStatus.Cancelled, StepStatus.Cancelled), (cancelled.Run.Status, cancelled.Steps[0].Status));
        await world.Credentials.DepositAsync(new(RunWorld.User, RunWorld.Protected));
        Assert.Equal(RunStatus.Cancelled, (await node.Runs.For(id).ReadAsync(RunWorld.User, default))!.Run.Status);
        Assert.Empty(world.Gateway.Calls.Seen);
    }

    [Fact]
    public async Task Cancel_of_a_run_whose_node_died_takes_effect_at_its_next_claim()
    {
        await using var world = await RunWorld.StartAsync();
        world.Gateway.Held("tool", """{"readOnlyHint":true}""");
        var dead = await world.StartedNodeAsync("a");
        var id = await dead.StartRunAsync(RunWorld.Step("a", "tool"));
        await world.Gateway.Calls.WaitForAsync(_ => true);
        await dead.Runs.For(id).CancelAsync(RunWorld.User, default);
        await world.Storage.Runs.ReleaseAsync([dead.Liveness.Self], default);
        dead.Liveness.MayStartSteps = false;

        var heir = await world.StartedNodeAsync("b");
        await world.UntilAsync(heir, id, RunStatus.Cancelled);
        Assert.Equal(1, world.Gateway.CountOf("tool"));
    }

    [Fact]
    public async Task Watch_shows_every_stage_in_order_and_ends_with_the_last()
    {
        await using var world = await RunWorld.StartAsync();
        var held = world.Gateway.Held("tool");
        var node = world.Node();
        var id = await node.StartRunAsync(RunWorld.Step("a", "tool"));
        var seen = new List<RunRecord>();
        await foreach (var record in node.Runs.For(id).WatchAsync(RunWorld.User, new CancellationTokenSource(20_000).Token))
        {
            seen.Add(record);
            if (seen.Count == 1)
                await node.Scheduler.StartAsync(default);
            if (record.Steps[0].Status == StepStatus.Executing)
                held.TrySetResult(ScriptedGateway.Ok());
        }

        Assert.Equal(RunStatus.Pending, seen[0].Run.Status);
        Assert.Equal(RunStatus.Succeeded, seen[^1].Run.Status);
        Assert.Equal(seen.Select(record => record.Run.Version).Distinct().Order(), seen.Select(record => record.Run.Version));
    }
}
