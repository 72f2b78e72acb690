using Executor.Identity;
using Executor.Runs;

namespace Executor.Tests.Runs;

public class FairnessTests
{
    private static readonly McpServerId Slow = McpServerId.From("slow");
    private static readonly UserId Other = UserId.From(8);

    [Fact]
    public async Task Busy_user_at_a_slow_server_starves_nobody_not_even_there()
    {
        await using var world = await RunWorld.StartAsync();
        world.Catalog.Add(Slow, new Uri("http://localhost/slow"), new Executor.Servers.McpServerAuth.None());
        world.Gateway.Held("hang");
        world.Gateway.Tool("quick", _ => ScriptedGateway.Ok());
        var node = world.Node(configure: options => (options.Slots, options.SlotsPerUser, options.SlotsPerServer) = (32, 16, 8));
        for (var n = 0; n < 1000; n++)
            await node.StartRunAsync(RunWorld.Step("a", "hang", server: Slow));
        var own = await node.StartRunAsync(RunWorld.Step("a", "quick"));
        var there = await node.StartRunAsync(Other, RunWorld.Step("a", "quick", server: Slow));
        var elsewhere = await node.StartRunAsync(Other, RunWorld.Step("a", "quick"));
        await node.Scheduler.StartAsync(default);

        await world.UntilAsync(node, there, RunStatus.Succeeded, Other);
        await world.UntilAsync(node, elsewhere, RunStatus.Succeeded, Other);
        await world.UntilAsync(node, own, RunStatus.Succeeded);
        Assert.Equal(4, world.Gateway.CountOf("hang")); // half of the server's room
    }

    [Fact]
    public async Task User_with_many_long_runs_makes_room_between_steps_for_one_who_waits()
    {
        await using var world = await RunWorld.StartAsync();
        var gates = new SemaphoreSlim(0);
        world.Gateway.Tool("gated", async (_, cancellationToken) =>
        {
            await gates.WaitAsync(cancellationToken);
            return ScriptedGateway.Ok();
        });
        world.Gateway.Tool("quick", _ => ScriptedGateway.Ok());
        var node = await world.StartedNodeAsync(configure: options => (options.Slots, options.SlotsPerUser, options.SlotsPerServer) = (4, 4, 100));
        for (var n = 0; n < 4; n++)
            await node.StartRunAsync([.. Enumerable.Range(0, 50).Select(step => RunWorld.Step($"s{step}", "gated"))]);
        await world.Gateway.Calls.WaitForAsync(_ => world.Gateway.CountOf("gated") == 4);
        var waiting = await node.StartRunAsync(Other, RunWorld.Step("a", "quick"));

        await world.AdvanceUntilAsync(
            async () =>
            {
                gates.Release();
                return (await node.Runs.For(waiting).ReadAsync(Other, default))!.Run.Status == RunStatus.Succeeded;
            },
            TimeSpan.FromSeconds(1));
        Assert.InRange(world.Gateway.CountOf("gated"), 4, 60); // of 200
    }

    [Fact]
    public async Task Run_moving_on_to_a_full_server_waits_in_the_queue_with_its_result_kept()
    {
        await using var world = await RunWorld.StartAsync();
        world.Catalog.Add(Slow, new Uri("http://localhost/slow"), new Executor.Servers.McpServerAuth.None());
        var held = world.Gateway.Held("hang");
        world.Gateway.Tool("quick", _ => ScriptedGateway.Ok());
        var node = await world.StartedNodeAsync(configure: options => options.SlotsPerServer = 1);
        await node.StartRunAsync(RunWorld.Step("a", "hang", server: Slow));
        await world.Gateway.Calls.WaitForAsync(call => call.Call.Tool == "hang");
        var id = await node.StartRunAsync(RunWorld.Step("a", "quick"), RunWorld.Step("b", "quick", server: Slow));

        var queued = await world.UntilAsync(node, id, record => record.Run is { Position: 1, Status: RunStatus.Pending });
        Assert.Equal((StepStatus.Succeeded, Slow), (queued.Steps[0].Status, queued.Run.NextServer!.Value));
        held.SetResult(ScriptedGateway.Ok());
        await world.UntilAsync(node, id, RunStatus.Succeeded);
    }

    [Fact]
    public async Task Node_that_is_unsure_of_itself_claims_nothing_and_puts_runs_back_between_steps()
    {
        await using var world = await RunWorld.StartAsync();
        var held = world.Gateway.Held("tool");
        var node = await world.StartedNodeAsync("a");
        var id = await node.StartRunAsync(RunWorld.Step("a", "tool"), RunWorld.Step("b", "after"));
        world.Gateway.Tool("after", _ => ScriptedGateway.Ok());
        await world.Gateway.Calls.WaitForAsync(_ => true);

        node.Liveness.MayStartSteps = false;
        held.SetResult(ScriptedGateway.Ok());
        var queued = await world.UntilAsync(node, id, RunStatus.Pending);
        Assert.Equal((1, StepStatus.Succeeded), (queued.Run.Position, queued.Steps[0].Status));
        var second = await node.StartRunAsync(RunWorld.Step("a", "after"));
        var other = await world.StartedNodeAsync("b");
        await world.UntilAsync(other, id, RunStatus.Succeeded);
        var run = await world.UntilAsync(other, second, RunStatus.Succeeded);
        Assert.Equal(2, world.Gateway.CountOf("after"));
        Assert.Equal(1, run.Run.Fence);
    }
}
