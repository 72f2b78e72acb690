using Executor.Grains.Runs;
using Executor.Identity;
using Executor.Runs;
using Executor.Runs.Scheduling;
using Executor.Sandbox.Mcp;
using Microsoft.Extensions.DependencyInjection;
using Orleans.Runtime;
using Orleans.TestingHost;

namespace Executor.Nodes.Pair;

public sealed class RunGrainTests
{
    private static readonly UserId User = UserId.From(1);

    [PostgresFact]
    public async Task Run_parks_and_goes_on_after_a_deposit_at_the_other_silo()
    {
        await using var pair = await SiloPair.StartAsync();
        var id = await StartAsync(pair.First, "echo");
        await ReachesAsync(pair.Second, id, RunStatus.AwaitingInput);

        await pair.DepositAsync(pair.Second, user: 1);

        await ReachesAsync(pair.Second, id, RunStatus.Succeeded);
    }

    [PostgresFact]
    public async Task Cancel_at_either_silo_reaches_a_call_that_lasts()
    {
        await using var pair = await SiloPair.StartAsync();
        await pair.DepositAsync(pair.First, user: 1);
        foreach (var silo in new[] { pair.First, pair.Second })
        {
            pair.Sandbox.Mcp.SetFault(new McpFault(McpFaultKind.Hang) { Tool = "echo" });
            var before = pair.Sandbox.Mcp.Journal.Position;
            var id = await StartAsync(silo, "echo");
            await pair.Sandbox.Mcp.WaitForRequestsAsync(request => request.Stage == McpStage.Held, after: before);

            var answer = await SiloPair.RunsAt(pair.Second).For(id).CancelAsync(User, default);

            Assert.Equal(CancelOutcome.Requested, answer);
            await ReachesAsync(pair.Second, id, RunStatus.Cancelled);
            pair.Sandbox.Mcp.Release();
        }
    }

    /// <summary>Nothing but the grain's word reaches a call that is as young as these are said to be.</summary>
    [PostgresFact]
    public async Task Cancel_at_another_silo_reaches_a_call_through_its_grain_without_a_notification()
    {
        await using var pair = await SiloPair.StartAsync(youngCall: TimeSpan.FromDays(1));
        await pair.DepositAsync(pair.First, user: 1);
        pair.Sandbox.Mcp.SetFault(new McpFault(McpFaultKind.Hang) { Tool = "echo", Times = null });
        var id = await StartAsync(pair.First, "echo");
        await pair.Sandbox.Mcp.WaitForHeldAsync();
        var other = await OwnerAsync(pair, id) == NameOf(pair.First) ? pair.Second : pair.First;

        Assert.Equal(CancelOutcome.Requested, await SiloPair.RunsAt(other).For(id).CancelAsync(User, default));

        await ReachesAsync(other, id, RunStatus.Cancelled);
    }

    [PostgresFact]
    public async Task Runs_of_a_killed_silo_go_on_elsewhere_without_waiting_for_its_heartbeat()
    {
        await using var pair = await SiloPair.StartAsync(lease: TimeSpan.FromMinutes(10));
        await pair.DepositAsync(pair.First, user: 1);
        pair.Sandbox.Mcp.SetFault(new McpFault(McpFaultKind.Hang) { Tool = "search" });
        var id = await StartAsync(pair.First, "search");
        await pair.Sandbox.Mcp.WaitForHeldAsync();
        var driver = (await SiloPair.RunsAt(pair.First).For(id).ReadAsync(User, default))!.Run.Owner!.Value.Name;
        var victim = new[] { pair.First, pair.Second }.Single(silo => NameOf(silo) == driver);
        var survivor = victim == pair.First ? pair.Second : pair.First;

        await pair.Cluster.KillSiloAsync(victim);

        await ReachesAsync(survivor, id, RunStatus.Succeeded);
    }

    /// <param name="hasTwo">
    /// As when the silos' view of their cluster has changed: each of them has an activation. Else as after a partition: the silos agree
    /// that the run's grain is on the one that has lost it, which keeps the other from nothing.
    /// </param>
    [PostgresTheory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Run_that_is_taken_from_a_silo_in_mid_call_is_driven_by_another_while_its_grain_is_still_there(bool hasTwo)
    {
        // A driver that hears of nothing goes on with its call: its fence has to hold.
        await using var pair = await SiloPair.StartAsync(youngCall: TimeSpan.FromDays(1));
        await pair.DepositAsync(pair.First, user: 1);
        pair.Sandbox.Mcp.SetFault(new McpFault(McpFaultKind.Hang) { Tool = "search", Times = null });
        var id = await StartAsync(pair.First, "search");
        await pair.Sandbox.Mcp.WaitForHeldAsync();
        var (driver, other) = await OwnerAsync(pair, id) == NameOf(pair.First) ? (pair.First, pair.Second) : (pair.Second, pair.First);

        // The one that has it may be the quicker to claim it again; its drivers then share its grain.
        for (var tries = 1; await OwnerAsync(pair, id) != NameOf(other); tries++)
        {
            Assert.InRange(tries, 1, 50);
            var before = pair.Sandbox.Mcp.Journal.Position;
            if (hasTwo)
                await pair.ForgetAsync(other.ServiceProvider.GetRequiredService<IGrainFactory>().GetGrain<IWorkflowRunGrain>(id.Value).GetGrainId());
            await other.ServiceProvider.GetRequiredService<RunTakeover>().TakeOverAsync(_ => true, default);
            await pair.Sandbox.Mcp.WaitForRequestsAsync(request => request.Stage == McpStage.Held, after: before);
        }

        Assert.Equal(hasTwo ? 2 : 1, await pair.CountActivationsAsync<WorkflowRunGrain>());
        pair.Sandbox.Mcp.ClearFaults();
        pair.Sandbox.Mcp.Release();

        await ReachesAsync(other, id, RunStatus.Succeeded);
        var run = (await SiloPair.RunsAt(driver).For(id).ReadAsync(User, default))!;
        Assert.Equal((1, StepStatus.Succeeded), (run.Steps.Count, run.Steps[0].Status));
        await Eventually.TrueAsync(async () => await pair.CountActivationsAsync<WorkflowRunGrain>() == 0);
    }

    [PostgresFact]
    public async Task Parked_runs_keep_no_grain_in_memory()
    {
        await using var pair = await SiloPair.StartAsync();
        var ids = await Task.WhenAll(Enumerable.Range(0, 50).Select(_ => StartAsync(pair.First, "echo")));
        foreach (var id in ids)
        {
            await ReachesAsync(pair.Second, id, RunStatus.AwaitingInput);
            await SiloPair.RunsAt(pair.Second).For(id).TriggerAsync(User, null, default);
        }

        foreach (var id in ids)
            await ReachesAsync(pair.Second, id, RunStatus.AwaitingInput);
        await Eventually.TrueAsync(async () => await pair.CountActivationsAsync<WorkflowRunGrain>() == 0);
    }

    private static async Task<string?> OwnerAsync(SiloPair pair, RunId id) =>
        (await SiloPair.RunsAt(pair.First).For(id).ReadAsync(User, default))!.Run.Owner?.Name;

    private static string NameOf(InProcessSiloHandle silo) =>
        silo.ServiceProvider.GetRequiredService<Executor.Nodes.INodeLiveness>().Self.Name;

    private static async Task<RunId> StartAsync(InProcessSiloHandle silo, string tool)
    {
        var step = new StepDefinition("a", SiloPair.Server, tool, "{}", null, OnUnknown.ByAnnotations);
        var started = await SiloPair.RunsAt(silo).StartAsync(User, new NewRun("run", "null", [step]), null, default);
        return Assert.IsType<StartOutcome.Started>(started).Run.Run.Id;
    }

    private static Task ReachesAsync(InProcessSiloHandle at, RunId id, RunStatus status) => Eventually.TrueAsync(
        async () => (await SiloPair.RunsAt(at).For(id).ReadAsync(User, default))!.Run.Status == status,
        TimeSpan.FromSeconds(60));
}
