using Executor.Identity;
using Executor.Runs;
using Executor.Servers;

namespace Executor.Tests.Runs;

public class RunTests
{
    [Fact]
    public async Task Run_with_references_between_steps_succeeds()
    {
        await using var world = await RunWorld.StartAsync();
        world.Gateway.Tool("search", _ => ScriptedGateway.Ok("""{"structuredContent":{"items":[{"id":"i-1"}]}}"""));
        world.Gateway.Tool("open", _ => ScriptedGateway.Ok("""{"structuredContent":{"opened":true}}"""));
        var node = await world.StartedNodeAsync();

        var id = await node.StartRunAsync(
            RunWorld.Step("find", "search", """{"for":"{{ input.customer.id }}"}"""),
            RunWorld.Step("between", "open"),
            RunWorld.Step("open", "open", """{"item":"{{ steps.find.structuredContent.items[0].id }}","was":"{{ steps.between.structuredContent.opened }}"}"""));

        var run = await world.UntilAsync(node, id, RunStatus.Succeeded);
        Assert.Equal(["""{"for":42}""", "{}", """{"item":"i-1","was":true}"""], world.Gateway.Calls.Seen.Select(call => call.Arguments));
        Assert.Equal([$"{id}/0", $"{id}/1", $"{id}/2"], world.Gateway.Calls.Seen.Select(call => call.Call.IdempotencyKey));
        Assert.All(run.Steps, step => Assert.Equal((StepStatus.Succeeded, 1), (step.Status, step.Attempts)));
        Assert.Equal("""{"structuredContent":{"items":[{"id":"i-1"}]}}""", run.Steps[0].Result);
        Assert.Equal(3, run.Run.Position);
        Assert.NotNull(run.Run.FinishedAt);
        Assert.Null(run.Run.Owner);
    }

    [Fact]
    public async Task Run_long_costs_hardly_more_than_one_commit_a_step()
    {
        await using var world = await RunWorld.StartAsync();
        world.Gateway.Tool("echo", _ => ScriptedGateway.Ok());
        var counted = new UnreliableRunStore(world.Storage.Runs);
        var node = world.Node(through: _ => counted);
        var id = await node.StartRunAsync([.. Enumerable.Range(0, 100).Select(n => RunWorld.Step($"s{n}", "echo"))]);
        await node.Scheduler.StartAsync(default);

        await world.UntilAsync(node, id, RunStatus.Succeeded);
        Assert.Equal(100, world.Gateway.CountOf("echo"));
        Assert.InRange(counted.Changes, 100, 105);
    }

    [Fact]
    public async Task Step_tool_error_fails_the_run_for_good_and_keeps_the_result()
    {
        await using var world = await RunWorld.StartAsync();
        world.Gateway.Tool("fail", _ => ScriptedGateway.Error("""{"isError":true,"content":[]}"""));
        var node = await world.StartedNodeAsync();
        var id = await node.StartRunAsync(RunWorld.Step("a", "fail"), RunWorld.Step("b", "fail"));

        var run = await world.UntilAsync(node, id, RunStatus.Failed);
        Assert.Equal((StepErrorCodes.ToolFailed, false), (run.Steps[0].Error!.Code, run.Steps[0].Error!.Retryable));
        Assert.Equal("""{"isError":true,"content":[]}""", run.Steps[0].Result);
        Assert.Equal(StepStatus.Pending, run.Steps[1].Status);
        Assert.Equal(TriggerOutcome.Finished, await node.TriggerAsync(id, TriggerAction.Retry));
    }

    [Fact]
    public async Task Step_failed_without_effect_runs_again_when_triggered()
    {
        await using var world = await RunWorld.StartAsync();
        world.Gateway.Tool("flaky", _ => ScriptedGateway.Failed(McpEffect.None, McpFailureCodes.Unreachable));
        var node = await world.StartedNodeAsync();
        var id = await node.StartRunAsync(RunWorld.Step("a", "flaky"));
        var failed = await world.UntilAsync(node, id, RunStatus.Failed);
        Assert.Equal((McpFailureCodes.Unreachable, true), (failed.Steps[0].Error!.Code, failed.Steps[0].Error!.Retryable));

        world.Gateway.Tool("flaky", _ => ScriptedGateway.Ok());
        Assert.Equal(TriggerOutcome.Triggered, await node.TriggerAsync(id));

        var run = await world.UntilAsync(node, id, RunStatus.Succeeded);
        Assert.Null(run.Steps[0].Error);
        Assert.Equal(2, world.Gateway.Calls.Seen.Count(call => call.Call.IdempotencyKey == $"{id}/0"));
        Assert.Equal(TriggerOutcome.Finished, await node.TriggerAsync(id));
    }

    [Fact]
    public async Task Step_failed_without_effect_may_be_skipped_to_the_end()
    {
        await using var world = await RunWorld.StartAsync();
        world.Gateway.Tool("flaky", _ => ScriptedGateway.Failed(McpEffect.None));
        var node = await world.StartedNodeAsync();
        var id = await node.StartRunAsync(RunWorld.Step("a", "flaky"));
        await world.UntilAsync(node, id, RunStatus.Failed);

        Assert.Equal(TriggerOutcome.Triggered, await node.TriggerAsync(id, TriggerAction.Skip));
        var run = await world.UntilAsync(node, id, RunStatus.Succeeded);
        Assert.Equal(StepStatus.Skipped, run.Steps[0].Status);
        Assert.Equal(1, world.Gateway.CountOf("flaky"));
    }

    [Fact]
    public async Task Step_of_an_unknown_server_fails_and_may_be_retried()
    {
        await using var world = await RunWorld.StartAsync();
        var node = await world.StartedNodeAsync();
        var id = await node.StartRunAsync(RunWorld.Step("a", "x", server: McpServerId.From("nowhere")));
        var run = await world.UntilAsync(node, id, RunStatus.Failed);
        Assert.Equal((StepErrorCodes.ServerUnknown, true), (run.Steps[0].Error!.Code, run.Steps[0].Error!.Retryable));
    }

    [Fact]
    public async Task Step_whose_reference_finds_nothing_fails_naming_it_after_the_earlier_result_was_kept()
    {
        await using var world = await RunWorld.StartAsync();
        world.Gateway.Tool("echo", _ => ScriptedGateway.Ok());
        var node = await world.StartedNodeAsync();
        var id = await node.StartRunAsync(RunWorld.Step("a", "echo"), RunWorld.Step("b", "echo", """{"x":"{{ steps.a.nothing }}"}"""));

        var run = await world.UntilAsync(node, id, RunStatus.Failed);
        Assert.Equal((StepStatus.Succeeded, StepStatus.Failed), (run.Steps[0].Status, run.Steps[1].Status));
        Assert.Equal((StepErrorCodes.ArgumentsInvalid, true), (run.Steps[1].Error!.Code, run.Steps[1].Error!.Retryable));
        Assert.Contains("steps.a.nothing", run.Steps[1].Error!.Message, StringComparison.Ordinal);
        Assert.Equal(1, world.Gateway.CountOf("echo"));
    }

    [Fact]
    public async Task Start_repeated_with_its_key_is_the_same_run_and_with_another_body_refused()
    {
        await using var world = await RunWorld.StartAsync();
        var node = world.Node();
        var body = new NewRun("n", "{}", [RunWorld.Step("a", "echo")]);
        var first = Assert.IsType<StartOutcome.Started>(await node.Runs.StartAsync(RunWorld.User, body, new IdempotencyKey("k", [1]), default));

        var second = Assert.IsType<StartOutcome.Repeated>(await node.Runs.StartAsync(RunWorld.User, body, new IdempotencyKey("k", [1]), default));
        Assert.Equal(first.Run.Run.Id, second.Run.Run.Id);
        Assert.IsType<StartOutcome.KeyReused>(await node.Runs.StartAsync(RunWorld.User, body, new IdempotencyKey("k", [2]), default));
        Assert.IsType<StartOutcome.Started>(await node.Runs.StartAsync(UserId.From(8), body, new IdempotencyKey("k", [2]), default));
    }

    [Fact]
    public async Task Start_beyond_a_limit_is_refused_with_the_member_named()
    {
        await using var world = await RunWorld.StartAsync();
        var node = world.Node();
        var step = RunWorld.Step("a", "t");
        await RefusedAsync("steps", []);
        await RefusedAsync("steps", [.. Enumerable.Range(0, 101).Select(n => step with { Id = $"s{n}" })]);
        await RefusedAsync("steps[1].id", [step, step]);
        await RefusedAsync("steps[0].arguments", [step with { Arguments = "[]" }]);
        await RefusedAsync("steps[0].arguments", [step with { Arguments = """{"a":"{{ nope }}"}""" }]);
        await RefusedAsync("steps[0].timeoutSeconds", [step with { Timeout = TimeSpan.Zero }]);
        await RefusedAsync("steps[0].timeoutSeconds", [step with { Timeout = TimeSpan.FromDays(2) }]);
        await RefusedAsync("steps[0].tool", [step with { Tool = "" }]);

        async Task RefusedAsync(string member, StepDefinition[] steps)
        {
            var refused = Assert.IsType<StartOutcome.Invalid>(await node.Runs.StartAsync(RunWorld.User, new NewRun("n", "{}", steps), null, default));
            Assert.StartsWith(member, refused.Reason, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Run_of_another_user_is_unknown()
    {
        await using var world = await RunWorld.StartAsync();
        var node = world.Node();
        var id = await node.StartRunAsync(RunWorld.Step("a", "t"));
        var stranger = UserId.From(8);
        Assert.Null(await node.Runs.For(id).ReadAsync(stranger, default));
        Assert.Equal(TriggerOutcome.Unknown, await node.Runs.For(id).TriggerAsync(stranger, null, default));
        Assert.Equal(CancelOutcome.Unknown, await node.Runs.For(id).CancelAsync(stranger, default));
        Assert.Empty(await node.Runs.ListAsync(stranger, new RunFilter(), 10, default));
        await foreach (var _ in node.Runs.For(id).WatchAsync(stranger, default))
            Assert.Fail("A stranger saw the run.");
        Assert.Equal(TriggerOutcome.AlreadyRunning, await node.TriggerAsync(id));
    }

    [Fact]
    public async Task Secrets_of_a_run_reach_no_log()
    {
        await using var world = await RunWorld.StartAsync();
        await world.Credentials.DepositAsync(new(RunWorld.User, RunWorld.Protected));
        world.Gateway.Tool("boom", _ => throw new InvalidOperationException("sesame-exception"));
        world.Gateway.Tool("ok", _ => ScriptedGateway.Ok("""{"secret":"sesame-result"}"""));
        var node = await world.StartedNodeAsync();
        var id = await node.StartRunAsync(
            RunWorld.Step("a", "ok", """{"x":"sesame-argument"}""", RunWorld.Protected), RunWorld.Step("b", "boom", """{"x":"sesame-argument"}""", RunWorld.Protected));

        var run = await world.UntilAsync(node, id, RunStatus.AwaitingInput);
        Assert.Equal(AwaitingReason.Interrupted, run.Run.AwaitingReason);
        Assert.DoesNotContain("sesame", world.Logs.All, StringComparison.Ordinal);
        Assert.DoesNotContain("token-", world.Logs.All, StringComparison.Ordinal);
    }
}
