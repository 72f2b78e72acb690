using Executor.Credentials;
using Executor.Runs;
using Executor.Servers;
using Executor.Tests.Infrastructure;

namespace Executor.Tests.Runs;

public class InterruptionTests
{
    private const string ReadOnly = """{"readOnlyHint":true}""";
    private const string Destructive = """{"destructiveHint":true,"readOnlyHint":"true"}""";

    [Theory]
    [InlineData(ReadOnly, OnUnknown.ByAnnotations, true)]
    [InlineData("""{"idempotentHint":true}""", OnUnknown.ByAnnotations, true)]
    [InlineData(Destructive, OnUnknown.ByAnnotations, false)]
    [InlineData("{}", OnUnknown.ByAnnotations, false)]
    [InlineData(Destructive, OnUnknown.Retry, true)]
    [InlineData(ReadOnly, OnUnknown.Ask, false)]
    public async Task Node_death_in_a_call_repeats_only_what_may_be_repeated(string annotations, OnUnknown onUnknown, bool repeated)
    {
        await using var world = await RunWorld.StartAsync();
        var held = world.Gateway.Held("tool", annotations);
        var dead = await world.StartedNodeAsync("a");
        var id = await dead.StartRunAsync(RunWorld.Step("a", "tool", onUnknown: onUnknown));
        await world.Gateway.Calls.WaitForAsync(call => call.Call.Tool == "tool");

        world.Gateway.Tool("tool", _ => ScriptedGateway.Ok(), annotations);
        var heir = await TakeOverAsync(world, dead);
        if (!repeated)
        {
            var waiting = await world.UntilAsync(heir, id, RunStatus.AwaitingInput);
            Assert.Equal((AwaitingReason.Interrupted, Interruption.NodeDied), (waiting.Run.AwaitingReason, waiting.Steps[0].Interruption));
            Assert.Equal(1, world.Gateway.CountOf("tool"));
            Assert.Equal(TriggerOutcome.ActionRequired, await heir.TriggerAsync(id));
            Assert.Equal(TriggerOutcome.Triggered, await heir.TriggerAsync(id, TriggerAction.Retry));
        }

        var run = await world.UntilAsync(heir, id, RunStatus.Succeeded);
        Assert.Equal(2, run.Steps[0].Attempts);
        Assert.Equal([$"{id}/0", $"{id}/0"], world.Gateway.Calls.Seen.Select(call => call.Call.IdempotencyKey));
        held.TrySetResult(ScriptedGateway.Ok("""{"late":true}"""));
    }

    [Fact]
    public async Task Zombie_that_finishes_its_call_late_writes_nothing()
    {
        await using var world = await RunWorld.StartAsync();
        var held = world.Gateway.Held("tool", ReadOnly);
        var zombie = await world.StartedNodeAsync("a");
        var id = await zombie.StartRunAsync(RunWorld.Step("a", "tool"), RunWorld.Step("b", "after"));
        world.Gateway.Tool("after", _ => ScriptedGateway.Ok());
        await world.Gateway.Calls.WaitForAsync(call => call.Call.Tool == "tool");

        world.Gateway.Tool("tool", _ => ScriptedGateway.Ok("""{"by":"heir"}"""), ReadOnly);
        var heir = await TakeOverAsync(world, zombie);
        var run = await world.UntilAsync(heir, id, RunStatus.Succeeded);
        held.SetResult(ScriptedGateway.Ok("""{"by":"zombie"}"""));
        await zombie.Services.GetDetached().WhenIdleAsync(default).WaitAsync(TimeSpan.FromSeconds(15));

        var after = (await heir.Runs.For(id).ReadAsync(RunWorld.User, default))!;
        Assert.Equal("""{"by":"heir"}""", after.Steps[0].Result);
        Assert.Equal(run.Run.Version, after.Run.Version);
        Assert.Equal(1, world.Gateway.CountOf("after"));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Zombie_that_finishes_while_its_heir_calls_writes_nothing(bool sameNode)
    {
        await using var world = await RunWorld.StartAsync();
        var first = world.Gateway.Held("tool", ReadOnly);
        var zombie = await world.StartedNodeAsync("a");
        var id = await zombie.StartRunAsync(RunWorld.Step("a", "tool"));
        await world.Gateway.Calls.WaitForAsync(_ => true);
        var second = world.Gateway.Held("tool", ReadOnly);
        if (sameNode)
            await world.Storage.Runs.ReleaseAsync([zombie.Liveness.Self], default);
        else
            await TakeOverAsync(world, zombie);
        await world.Gateway.Calls.WaitForAsync(_ => world.Gateway.CountOf("tool") == 2);

        var before = (await zombie.Runs.For(id).ReadAsync(RunWorld.User, default))!;
        first.SetResult(ScriptedGateway.Ok("""{"by":"zombie"}"""));
        await world.AdvanceUntilAsync(
            () => Task.FromResult(world.Logs.All.Contains("no longer this node's", StringComparison.Ordinal)), TimeSpan.FromMilliseconds(1));
        Assert.Equal(before.Run.Version, (await zombie.Runs.For(id).ReadAsync(RunWorld.User, default))!.Run.Version);
        second.SetResult(ScriptedGateway.Ok("""{"by":"heir"}"""));
        var run = await world.UntilAsync(zombie, id, RunStatus.Succeeded);
        Assert.Equal("""{"by":"heir"}""", run.Steps[0].Result);
    }

    [Fact]
    public async Task Interrupted_step_skipped_goes_on_with_the_next()
    {
        await using var world = await RunWorld.StartAsync();
        world.Gateway.Tool("tool", _ => ScriptedGateway.Failed(McpEffect.Unknown), Destructive);
        world.Gateway.Tool("next", _ => ScriptedGateway.Ok());
        var node = await world.StartedNodeAsync();
        var id = await node.StartRunAsync(RunWorld.Step("a", "tool"), RunWorld.Step("b", "next", server: RunWorld.Protected));
        await world.Credentials.DepositAsync(new CredentialKey(RunWorld.User, RunWorld.Protected));
        await world.UntilAsync(node, id, RunStatus.AwaitingInput);

        Assert.Equal(TriggerOutcome.Triggered, await node.TriggerAsync(id, TriggerAction.Skip));
        var run = await world.UntilAsync(node, id, RunStatus.Succeeded);
        Assert.Equal((StepStatus.Skipped, StepStatus.Succeeded), (run.Steps[0].Status, run.Steps[1].Status));
        Assert.Equal(1, world.Gateway.CountOf("tool"));
    }

    [Fact]
    public async Task Unknown_outcome_of_a_repeatable_tool_is_repeated_after_a_pause_and_not_for_ever()
    {
        await using var world = await RunWorld.StartAsync();
        world.Gateway.Tool("tool", _ => ScriptedGateway.Failed(McpEffect.Unknown), ReadOnly);
        var node = await world.StartedNodeAsync();
        var id = await node.StartRunAsync(RunWorld.Step("a", "tool"));
        var once = await world.UntilAsync(node, id, record => record.Run.NotBefore is not null);
        Assert.Equal((RunStatus.Pending, 1), (once.Run.Status, once.Steps[0].Attempts));

        await world.AdvanceUntilAsync(node, id, record => record.Run.Status == RunStatus.AwaitingInput, TimeSpan.FromMilliseconds(500));
        Assert.Equal(5, world.Gateway.CountOf("tool"));
    }

    [Theory]
    [InlineData(McpFailureCodes.Forbidden)]
    [InlineData(McpFailureCodes.Busy)]
    public async Task Attempt_without_an_effect_after_one_of_unknown_outcome_is_not_told_as_harmless(string code)
    {
        await using var world = await RunWorld.StartAsync();
        world.Gateway.Tool("tool", _ => world.Gateway.CountOf("tool") == 1 ? ScriptedGateway.Failed(McpEffect.Unknown) : ScriptedGateway.Failed(McpEffect.None, code));
        var node = await world.StartedNodeAsync(configure: options => options.BlockedLimit = TimeSpan.FromMinutes(2));
        var began = world.Time.GetUtcNow();
        var id = await node.StartRunAsync(RunWorld.Step("a", "tool", onUnknown: OnUnknown.Retry));
        await world.UntilAsync(node, id, record => record.Run.NotBefore is not null);

        await world.AdvanceUntilAsync(node, id, record => record.Run.Status is RunStatus.AwaitingInput or RunStatus.Failed, TimeSpan.FromSeconds(1));
        var asked = (await node.Runs.For(id).ReadAsync(RunWorld.User, default))!;
        Assert.Equal((RunStatus.AwaitingInput, AwaitingReason.Interrupted), (asked.Run.Status, asked.Run.AwaitingReason));
        Assert.Equal((Interruption.ConnectionLost, began, 1, null), (asked.Steps[0].Interruption, asked.Steps[0].StartedAt, asked.Steps[0].Attempts, asked.Steps[0].Error));
        Assert.Equal(TriggerOutcome.ActionRequired, await node.TriggerAsync(id));

        // What the user answers for is over: the next failure is told as what it is.
        Assert.Equal(TriggerOutcome.Triggered, await node.TriggerAsync(id, TriggerAction.Retry));
        await world.AdvanceUntilAsync(node, id, record => record.Run.Status == RunStatus.Failed, TimeSpan.FromSeconds(1));
        Assert.True((await node.Runs.For(id).ReadAsync(RunWorld.User, default))!.Steps[0].Error!.Retryable);
    }

    [Fact]
    public async Task Heir_whose_attempt_is_turned_away_asks_about_the_dead_nodes()
    {
        await using var world = await RunWorld.StartAsync();
        world.Gateway.Held("tool", ReadOnly);
        var dead = await world.StartedNodeAsync("a");
        var id = await dead.StartRunAsync(RunWorld.Step("a", "tool"));
        await world.Gateway.Calls.WaitForAsync(_ => true);
        world.Gateway.Tool("tool", _ => ScriptedGateway.Failed(McpEffect.None, McpFailureCodes.Forbidden), ReadOnly);

        var heir = await TakeOverAsync(world, dead);

        var asked = await world.UntilAsync(heir, id, record => record.Run.Status is RunStatus.AwaitingInput or RunStatus.Failed);
        Assert.Equal((AwaitingReason.Interrupted, Interruption.NodeDied), (asked.Run.AwaitingReason, asked.Steps[0].Interruption));
    }

    [Fact]
    public async Task Server_that_is_configured_no_more_leaves_an_attempt_of_unknown_outcome_to_the_user()
    {
        await using var world = await RunWorld.StartAsync();
        world.Gateway.Tool("tool", _ => ScriptedGateway.Failed(McpEffect.Unknown));
        var node = await world.StartedNodeAsync();
        var id = await node.StartRunAsync(RunWorld.Step("a", "tool", onUnknown: OnUnknown.Retry));
        await world.UntilAsync(node, id, record => record.Run.NotBefore is not null);
        world.Catalog.Remove(RunWorld.Open);

        await world.AdvanceUntilAsync(node, id, record => record.Run.Status is RunStatus.AwaitingInput or RunStatus.Failed, TimeSpan.FromSeconds(1));

        Assert.Equal(AwaitingReason.Interrupted, (await node.Runs.For(id).ReadAsync(RunWorld.User, default))!.Run.AwaitingReason);
    }

    [Fact]
    public async Task Success_after_an_attempt_of_unknown_outcome_leaves_nothing_unknown()
    {
        await using var world = await RunWorld.StartAsync();
        world.Gateway.Tool("tool", _ => world.Gateway.CountOf("tool") == 1 ? ScriptedGateway.Failed(McpEffect.Unknown) : ScriptedGateway.Ok(), ReadOnly);
        var node = await world.StartedNodeAsync();
        var id = await node.StartRunAsync(RunWorld.Step("a", "tool"));

        await world.AdvanceUntilAsync(node, id, record => record.Run.Status == RunStatus.Succeeded, TimeSpan.FromSeconds(1));

        Assert.Null((await node.Runs.For(id).ReadAsync(RunWorld.User, default))!.Steps[0].Interruption);
    }

    [Fact]
    public async Task Step_that_outlasts_its_timeout_is_of_unknown_outcome_even_when_the_gateway_never_returns()
    {
        await using var world = await RunWorld.StartAsync();
        world.Gateway.Held("tool", Destructive);
        var node = await world.StartedNodeAsync();
        var id = await node.StartRunAsync(RunWorld.Step("a", "tool") with { Timeout = TimeSpan.FromSeconds(3) });
        var call = await world.Gateway.Calls.WaitForAsync(_ => true);
        Assert.Equal(TimeSpan.FromSeconds(3), call.Call.Timeout);

        var began = world.Time.GetUtcNow();
        await world.AdvanceUntilAsync(node, id, record => record.Run.AwaitingReason == AwaitingReason.Interrupted, TimeSpan.FromMilliseconds(250));
        Assert.InRange(world.Time.GetUtcNow() - began, TimeSpan.FromSeconds(3), TimeSpan.FromSeconds(60));
        await world.Gateway.Cancelled.WaitForAsync(tool => tool == "tool");
    }

    [Fact]
    public async Task Progress_moves_the_timeout_and_does_not_move_it_for_ever()
    {
        await using var world = await RunWorld.StartAsync();
        world.Gateway.Held("tool", Destructive);
        var node = await world.StartedNodeAsync();
        var id = await node.StartRunAsync(RunWorld.Step("a", "tool") with { Timeout = TimeSpan.FromSeconds(10) });
        var call = await world.Gateway.Calls.WaitForAsync(_ => true);
        Assert.Equal(TimeSpan.FromSeconds(100), call.Call.Longest);

        var began = world.Time.GetUtcNow();
        await world.AdvanceUntilAsync(
            node,
            id,
            record =>
            {
                call.Call.OnProgress!(new McpProgress(1, null, null));
                return record.Run.AwaitingReason == AwaitingReason.Interrupted;
            },
            TimeSpan.FromSeconds(1));
        Assert.InRange(world.Time.GetUtcNow() - began, TimeSpan.FromSeconds(99), TimeSpan.FromSeconds(160));
    }

    [Fact]
    public async Task Name_that_a_harmless_and_a_destructive_tool_share_is_not_repeated()
    {
        await using var world = await RunWorld.StartAsync();
        world.Gateway.Tool("tool", _ => ScriptedGateway.Failed(McpEffect.Unknown), ReadOnly);
        world.Gateway.Listing = new McpOutcome<McpToolList>.Completed(
            new McpToolList([ScriptedGateway.Listed("tool", ReadOnly), ScriptedGateway.Listed("tool", Destructive)], []));
        var node = await world.StartedNodeAsync();
        var id = await node.StartRunAsync(RunWorld.Step("a", "tool"));

        await world.UntilAsync(node, id, record => record.Run.AwaitingReason == AwaitingReason.Interrupted);
        Assert.Equal(1, world.Gateway.CountOf("tool"));
    }

    [Fact]
    public async Task Annotations_that_cannot_be_looked_up_are_asked_for_again_later()
    {
        await using var world = await RunWorld.StartAsync();
        world.Gateway.Tool("tool", _ => ScriptedGateway.Failed(McpEffect.Unknown), ReadOnly);
        world.Gateway.Listing = new McpOutcome<McpToolList>.Failed(new McpFailure(McpFailureCodes.Unreachable, "Away.", McpEffect.None));
        var node = await world.StartedNodeAsync();
        var id = await node.StartRunAsync(RunWorld.Step("a", "tool"));
        var waiting = await world.UntilAsync(node, id, record => record.Run.NotBefore is not null);
        Assert.Equal((RunStatus.Pending, StepStatus.Executing), (waiting.Run.Status, waiting.Steps[0].Status));

        world.Gateway.Tool("tool", _ => ScriptedGateway.Ok(), ReadOnly);
        world.Gateway.Listing = null;
        await world.AdvanceUntilAsync(node, id, record => record.Run.Status == RunStatus.Succeeded, TimeSpan.FromSeconds(1));
        Assert.Equal(2, world.Gateway.CountOf("tool"));
    }

    [Theory]
    [InlineData(TriggerAction.Retry)]
    [InlineData(TriggerAction.Skip)]
    [InlineData(null)]
    public async Task Server_that_died_in_mid_call_and_stays_away_leaves_the_step_to_its_user(TriggerAction? action)
    {
        await using var world = await RunWorld.StartAsync();
        world.Gateway.Tool("tool", _ => ScriptedGateway.Failed(McpEffect.Unknown), Destructive);
        world.Gateway.Tool("next", _ => ScriptedGateway.Ok());
        world.Gateway.Listing = new McpOutcome<McpToolList>.Failed(new McpFailure(McpFailureCodes.Unreachable, "Away.", McpEffect.None));
        var node = await world.StartedNodeAsync();
        var began = world.Time.GetUtcNow();
        var id = await node.StartRunAsync(RunWorld.Step("a", "tool"), RunWorld.Step("b", "next"));
        var waiting = await world.UntilAsync(node, id, record => record.Run.NotBefore is not null);
        Assert.Equal((RunStatus.Pending, StepStatus.Executing, Interruption.ConnectionLost), (waiting.Run.Status, waiting.Steps[0].Status, waiting.Steps[0].Interruption));
        Assert.Equal((began, null), (waiting.Steps[0].StartedAt, waiting.Steps[0].FinishedAt));

        if (action is null)
        {
            Assert.Equal(CancelOutcome.Cancelled, await node.Runs.For(id).CancelAsync(RunWorld.User, default));
            var ended = (await node.Runs.For(id).ReadAsync(RunWorld.User, default))!;
            Assert.Equal((RunStatus.Cancelled, StepStatus.Cancelled), (ended.Run.Status, ended.Steps[0].Status));
            return;
        }

        world.Gateway.Tool("tool", _ => ScriptedGateway.Ok(), Destructive);
        Assert.Equal(TriggerOutcome.Triggered, await node.TriggerAsync(id, action));
        var run = await world.UntilAsync(node, id, RunStatus.Succeeded);
        Assert.Equal(action == TriggerAction.Retry ? 2 : 1, world.Gateway.CountOf("tool"));
        Assert.Equal(action == TriggerAction.Retry ? StepStatus.Succeeded : StepStatus.Skipped, run.Steps[0].Status);
        Assert.All(run.Steps, step => Assert.Equal((world.Time.GetUtcNow(), null), (step.FinishedAt, action == TriggerAction.Retry ? step.Interruption : null)));
    }

    [Theory]
    [InlineData(McpFailureCodes.TimedOut, Interruption.TimedOut)]
    [InlineData(McpFailureCodes.ConnectionLost, Interruption.ConnectionLost)]
    [InlineData(McpFailureCodes.HttpError, Interruption.ServerError)]
    [InlineData(McpFailureCodes.ProtocolError, Interruption.UnreadableAnswer)]
    public async Task Interrupted_step_says_why_and_since_when(string code, Interruption why)
    {
        await using var world = await RunWorld.StartAsync();
        world.Gateway.Tool("tool", _ => ScriptedGateway.Failed(McpEffect.Unknown, code), Destructive);
        var node = await world.StartedNodeAsync();
        var id = await node.StartRunAsync(RunWorld.Step("a", "tool"));
        var run = await world.UntilAsync(node, id, RunStatus.AwaitingInput);

        Assert.Equal((why, world.Time.GetUtcNow(), null), (run.Steps[0].Interruption, run.Steps[0].StartedAt, run.Steps[0].FinishedAt));
    }

    [Fact]
    public async Task Step_of_a_dead_node_can_be_decided_as_soon_as_it_is_taken_over()
    {
        await using var world = await RunWorld.StartAsync();
        var held = world.Gateway.Held("tool", Destructive);
        var dead = await world.StartedNodeAsync("a");
        var id = await dead.StartRunAsync(RunWorld.Step("a", "tool"));
        await world.Gateway.Calls.WaitForAsync(_ => true);
        Assert.Equal(TriggerOutcome.AlreadyRunning, await dead.TriggerAsync(id, TriggerAction.Skip));

        dead.Liveness.MayStartSteps = false;
        await world.Storage.Runs.ReleaseAsync([dead.Liveness.Self], default);
        Assert.Equal(TriggerOutcome.Triggered, await dead.TriggerAsync(id, TriggerAction.Skip));
        held.SetResult(ScriptedGateway.Ok("""{"late":true}"""));
        await dead.Services.GetDetached().WhenIdleAsync(default).WaitAsync(TimeSpan.FromSeconds(15));

        var run = (await dead.Runs.For(id).ReadAsync(RunWorld.User, default))!;
        Assert.Equal((RunStatus.Succeeded, StepStatus.Skipped, null), (run.Run.Status, run.Steps[0].Status, run.Steps[0].Result));
    }

    [Fact]
    public async Task Annotations_that_need_the_user_park_the_run_and_are_looked_up_after_the_deposit()
    {
        await using var world = await RunWorld.StartAsync();
        var key = new CredentialKey(RunWorld.User, RunWorld.Protected);
        await world.Credentials.DepositAsync(key);
        world.Gateway.Tool("tool", async (_, _) =>
        {
            await world.Credentials.RevokeAsync(key);
            return ScriptedGateway.Failed(McpEffect.Unknown);
        }, Destructive);
        var node = await world.StartedNodeAsync();
        var id = await node.StartRunAsync(RunWorld.Step("a", "tool", server: RunWorld.Protected));
        var parked = await world.UntilAsync(node, id, RunStatus.AwaitingInput);
        Assert.Equal((AwaitingReason.NeedsOAuthReauth, StepStatus.Executing), (parked.Run.AwaitingReason, parked.Steps[0].Status));

        await world.Credentials.DepositAsync(key);
        await world.UntilAsync(node, id, record => record.Run.AwaitingReason == AwaitingReason.Interrupted);
        Assert.Equal(1, world.Gateway.CountOf("tool"));
    }

    [Theory]
    [InlineData(CommitFault.BeforeCommit)]
    [InlineData(CommitFault.AfterCommit)]
    public async Task Result_whose_commit_fails_is_not_lost_and_the_tool_not_called_again(CommitFault fault)
    {
        await using var world = await RunWorld.StartAsync();
        world.Gateway.Tool("tool", call => ScriptedGateway.Ok($$"""{"n":"{{call.Call.IdempotencyKey}}"}"""), Destructive);
        var failures = 0;
        var store = new UnreliableRunStore(world.Storage.Runs)
        {
            Fault = (_, written) => written is { Status: RunStatus.Running or RunStatus.Succeeded } && Interlocked.Increment(ref failures) % 3 != 0
                ? fault
                : CommitFault.None,
        };
        var node = world.Node(through: _ => store);
        await node.Scheduler.StartAsync(default);
        var id = await node.StartRunAsync(RunWorld.Step("a", "tool"), RunWorld.Step("b", "tool"), RunWorld.Step("c", "tool"));

        await world.AdvanceUntilAsync(node, id, record => record.Run.Status == RunStatus.Succeeded, TimeSpan.FromSeconds(1));
        var run = (await node.Runs.For(id).ReadAsync(RunWorld.User, default))!;
        Assert.Equal(3, world.Gateway.CountOf("tool"));
        Assert.Equal(3, run.Run.Position);
        Assert.Equal([$$"""{"n":"{{id}}/0"}""", $$"""{"n":"{{id}}/1"}""", $$"""{"n":"{{id}}/2"}"""], run.Steps.Select(step => step.Result));
        Assert.True(store.Faults >= 2);
    }

    [Fact]
    public async Task Claim_whose_commit_was_not_heard_of_does_not_strand_the_run()
    {
        await using var world = await RunWorld.StartAsync();
        world.Gateway.Tool("tool", _ => ScriptedGateway.Ok());
        var store = new UnreliableRunStore(world.Storage.Runs) { FailClaims = CommitFault.AfterCommit };
        var node = world.Node(through: _ => store);
        await node.Scheduler.StartAsync(default);
        var id = await node.StartRunAsync(RunWorld.Step("a", "tool"));

        await world.AdvanceUntilAsync(node, id, record => record.Run.Status == RunStatus.Succeeded, TimeSpan.FromMilliseconds(500));
        Assert.Equal(1, world.Gateway.CountOf("tool"));
    }

    [Fact]
    public async Task Claim_that_takes_place_after_the_node_has_given_it_up_does_not_strand_the_run()
    {
        await using var world = await RunWorld.StartAsync();
        world.Gateway.Tool("tool", _ => ScriptedGateway.Ok());
        var node = world.Node();
        var id = await node.StartRunAsync(RunWorld.Step("a", "tool"));
        Assert.Single(await world.Storage.Runs.ClaimAsync([id], node.Liveness.Self, default));
        await node.Scheduler.StartAsync(default);

        await world.AdvanceUntilAsync(node, id, record => record.Run.Status == RunStatus.Succeeded, TimeSpan.FromMilliseconds(500));
        Assert.Equal(1, world.Gateway.CountOf("tool"));
    }

    [Fact]
    public async Task Stranded_run_that_cannot_be_given_back_keeps_no_other_from_being_claimed()
    {
        await using var world = await RunWorld.StartAsync();
        world.Gateway.Tool("tool", _ => ScriptedGateway.Ok());
        var broken = default(RunId);
        var node = world.Node(through: real => new UnreliableRunStore(real)
        {
            Fault = (ledger, _) => ledger.Run?.Id == broken ? throw new InvalidOperationException("A defect.") : CommitFault.None,
        });
        broken = await node.StartRunAsync(RunWorld.Step("a", "tool"));
        Assert.Single(await world.Storage.Runs.ClaimAsync([broken], node.Liveness.Self, default));
        await node.Scheduler.StartAsync(default);
        await world.AdvanceUntilAsync(
            () => Task.FromResult(world.Logs.All.Contains("could not be given back", StringComparison.Ordinal)), TimeSpan.FromMilliseconds(500));

        var other = await node.StartRunAsync(RunWorld.Step("a", "tool"));
        await world.UntilAsync(node, other, RunStatus.Succeeded);
    }

    /// <summary>The node is seen to stand still; another takes its runs over.</summary>
    private static async Task<RunNode> TakeOverAsync(RunWorld world, RunNode dead)
    {
        dead.Liveness.MayStartSteps = false;
        var heir = await world.StartedNodeAsync("b");
        await heir.Takeover.LookAsync(default);
        Assert.Equal([dead.Liveness.Self], await world.Storage.Runs.FindOwnersAsync(default));
        heir.Liveness.Suspects.Add(dead.Liveness.Self);
        await heir.Takeover.LookAsync(default);
        return heir;
    }
}
