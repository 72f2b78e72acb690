using Executor.Credentials;
using Executor.Http.Runs;
using Executor.Identity;
using Executor.Runs;
using Executor.Servers;

namespace Executor.Tests.Runs;

public class ParkingTests
{
    private static readonly CredentialKey Key = new(RunWorld.User, RunWorld.Protected);

    [Fact]
    public async Task Run_without_a_credential_parks_and_a_deposit_wakes_it_once()
    {
        await using var world = await RunWorld.StartAsync();
        world.Gateway.Tool("open", _ => ScriptedGateway.Ok());
        world.Gateway.Tool("echo", _ => ScriptedGateway.Ok());
        var nodes = new[] { await world.StartedNodeAsync("a"), await world.StartedNodeAsync("b") };
        var id = await nodes[0].StartRunAsync(RunWorld.Step("a", "open"), RunWorld.Step("b", "echo", server: RunWorld.Protected));

        var parked = await world.UntilAsync(nodes[0], id, RunStatus.AwaitingInput);
        Assert.Equal((AwaitingReason.NeedsOAuthReauth, RunWorld.Protected), (parked.Run.AwaitingReason, parked.Run.AwaitedServer!.Value));
        Assert.Equal((StepStatus.Pending, 0), (parked.Steps[1].Status, parked.Steps[1].Attempts));
        Assert.Null(parked.Run.Owner);
        Assert.Equal(0, world.Gateway.CountOf("echo"));

        // The clock stands still: no sweep and no timer wakes it.
        await world.Credentials.DepositAsync(Key);
        var run = await world.UntilAsync(nodes[1], id, RunStatus.Succeeded);
        Assert.Equal(1, world.Gateway.CountOf("echo"));
        Assert.Equal(1, run.Steps[1].Attempts);
        Assert.Equal(3, run.Run.Fence + 1); // claimed twice
    }

    [Fact]
    public async Task Runs_parked_on_one_credential_are_each_woken_exactly_once()
    {
        await using var world = await RunWorld.StartAsync();
        world.Gateway.Tool("echo", _ => ScriptedGateway.Ok());
        var nodes = new[] { await world.StartedNodeAsync("a"), await world.StartedNodeAsync("b") };
        var ids = new List<RunId>();
        for (var n = 0; n < 100; n++)
            ids.Add(await nodes[n % 2].StartRunAsync(RunWorld.Step("a", "echo", server: RunWorld.Protected)));
        var other = await nodes[0].StartRunAsync(UserId.From(8), RunWorld.Step("a", "echo", server: RunWorld.Protected));
        foreach (var id in ids)
            await world.UntilAsync(nodes[0], id, RunStatus.AwaitingInput);

        await world.Credentials.DepositAsync(Key);
        foreach (var id in ids)
            await world.UntilAsync(nodes[1], id, RunStatus.Succeeded);
        Assert.Equal(100, world.Gateway.CountOf("echo"));
        Assert.Equal(100, world.Gateway.Calls.Seen.Select(call => call.Call.IdempotencyKey).Distinct().Count());
        await world.UntilAsync(nodes[0], other, RunStatus.AwaitingInput, UserId.From(8));
    }

    [Fact]
    public async Task Deposit_between_the_look_at_the_credential_and_the_park_is_not_lost()
    {
        await using var world = await RunWorld.StartAsync();
        world.Gateway.Tool("echo", _ => ScriptedGateway.Ok());
        var raced = 0;
        world.Credentials.BeforeAnswer = async key =>
        {
            if (Interlocked.Exchange(ref raced, 1) == 0)
                await world.Credentials.DepositAsync(key);
        };
        var node = await world.StartedNodeAsync();
        var id = await node.StartRunAsync(RunWorld.Step("a", "echo", server: RunWorld.Protected));

        var run = await world.UntilAsync(node, id, RunStatus.Succeeded);
        Assert.Equal(1, run.Run.Fence); // it went on, without a turn in the queue
        Assert.Equal(1, world.Gateway.CountOf("echo"));
    }

    [Fact]
    public async Task Step_rejected_twice_parks_without_counting_an_attempt()
    {
        await using var world = await RunWorld.StartAsync();
        await world.Credentials.DepositAsync(Key);
        world.Gateway.Tool("echo", _ => new McpOutcome<McpToolResult>.Unauthorized());
        var node = await world.StartedNodeAsync();
        var id = await node.StartRunAsync(RunWorld.Step("a", "echo", server: RunWorld.Protected, onUnknown: OnUnknown.Ask));

        var parked = await world.UntilAsync(node, id, RunStatus.AwaitingInput);
        Assert.Equal(AwaitingReason.NeedsOAuthReauth, parked.Run.AwaitingReason);
        Assert.Equal((StepStatus.Pending, 0), (parked.Steps[0].Status, parked.Steps[0].Attempts));
        Assert.Equal(2, world.Gateway.CountOf("echo"));

        world.Gateway.Tool("echo", _ => ScriptedGateway.Ok());
        await world.Credentials.DepositAsync(Key);
        await world.UntilAsync(node, id, RunStatus.Succeeded);
    }

    [Fact]
    public async Task Trigger_of_a_parked_run_looks_at_the_credential_again()
    {
        await using var world = await RunWorld.StartAsync();
        var node = await world.StartedNodeAsync();
        var id = await node.StartRunAsync(RunWorld.Step("a", "echo", server: RunWorld.Protected));
        var parked = await world.UntilAsync(node, id, RunStatus.AwaitingInput);

        Assert.Equal(TriggerOutcome.Triggered, await node.TriggerAsync(id));
        var again = await world.UntilAsync(
            node, id, record => record.Run.Status == RunStatus.AwaitingInput && record.Run.Version > parked.Run.Version);
        Assert.Equal(parked.Run.Fence + 1, again.Run.Fence);
        Assert.Empty(world.Gateway.Calls.Seen);
    }

    [Fact]
    public async Task Parked_step_that_its_user_will_not_connect_for_is_skipped()
    {
        await using var world = await RunWorld.StartAsync();
        world.Gateway.Tool("next", _ => ScriptedGateway.Ok());
        var node = await world.StartedNodeAsync();
        var id = await node.StartRunAsync(RunWorld.Step("a", "echo", server: RunWorld.Protected), RunWorld.Step("b", "next"));
        await world.UntilAsync(node, id, RunStatus.AwaitingInput);

        Assert.Equal(TriggerOutcome.Triggered, await node.TriggerAsync(id, TriggerAction.Skip));
        var run = await world.UntilAsync(node, id, RunStatus.Succeeded);
        Assert.Equal([StepStatus.Skipped, StepStatus.Succeeded], run.Steps.Select(step => step.Status));
    }

    [Fact]
    public async Task Step_without_an_encryption_key_fails_typed_and_runs_when_triggered_later()
    {
        await using var world = await RunWorld.StartAsync();
        await world.Credentials.DepositAsync(Key);
        world.Credentials.Override = _ => new TokenOutcome.EncryptionKeyMissing();
        world.Gateway.Tool("echo", _ => ScriptedGateway.Ok());
        var node = await world.StartedNodeAsync();
        var id = await node.StartRunAsync(RunWorld.Step("a", "echo", server: RunWorld.Protected));
        var failed = await world.UntilAsync(node, id, RunStatus.Failed);
        Assert.Equal((StepErrorCodes.EncryptionKeyMissing, true), (failed.Steps[0].Error!.Code, failed.Steps[0].Error!.Retryable));

        world.Credentials.Override = _ => null;
        Assert.Equal(TriggerOutcome.Triggered, await node.TriggerAsync(id, TriggerAction.Retry));
        await world.UntilAsync(node, id, RunStatus.Succeeded);
    }

    [Fact]
    public async Task Credential_that_is_busy_sends_the_step_back_until_the_limit()
    {
        await using var world = await RunWorld.StartAsync();
        world.Credentials.Override = _ => new TokenOutcome.Unavailable(TimeSpan.FromSeconds(30)) { Reason = new BlockedReason("invalid_scope") };
        var node = await world.StartedNodeAsync();
        var id = await node.StartRunAsync(RunWorld.Step("a", "echo", server: RunWorld.Protected));

        var blocked = await world.UntilAsync(node, id, record => record.Run.NotBefore is not null);
        Assert.Equal(RunStatus.Pending, blocked.Run.Status);
        Assert.InRange(blocked.Run.NotBefore!.Value - world.Time.GetUtcNow(), TimeSpan.FromSeconds(30), TimeSpan.FromSeconds(36));
        Assert.Equal(world.Time.GetUtcNow(), blocked.Run.BlockedSince);
        Assert.Equal("invalid_scope", RunBody.Of(blocked).BlockedReason);

        world.Time.Advance(TimeSpan.FromHours(23));
        var later = await world.UntilAsync(node, id, record => record.Run.NotBefore > world.Time.GetUtcNow());
        Assert.Equal(blocked.Run.BlockedSince, later.Run.BlockedSince);
        Assert.InRange(later.Run.NotBefore!.Value - world.Time.GetUtcNow(), TimeSpan.FromMinutes(1), TimeSpan.FromMinutes(1.2));

        world.Time.Advance(TimeSpan.FromHours(1.1));
        var failed = await world.UntilAsync(node, id, RunStatus.Failed);
        Assert.Equal((StepErrorCodes.Unavailable, true), (failed.Steps[0].Error!.Code, failed.Steps[0].Error!.Retryable));
        Assert.Null(RunBody.Of(failed).BlockedReason);
        Assert.Empty(world.Gateway.Calls.Seen);
    }

    [Fact]
    public async Task Step_sent_back_goes_on_when_its_time_has_come()
    {
        await using var world = await RunWorld.StartAsync();
        await world.Credentials.DepositAsync(Key);
        world.Gateway.Tool("echo", _ => ScriptedGateway.Failed(McpEffect.None, McpFailureCodes.Busy));
        var node = await world.StartedNodeAsync(configure: options => options.Sweep = TimeSpan.FromMinutes(5));
        var id = await node.StartRunAsync(RunWorld.Step("a", "echo", server: RunWorld.Protected));
        var blocked = await world.UntilAsync(node, id, record => record.Run.NotBefore is not null);
        Assert.Equal((StepStatus.Pending, 0), (blocked.Steps[0].Status, blocked.Steps[0].Attempts));

        world.Gateway.Tool("echo", _ => ScriptedGateway.Ok());
        var due = blocked.Run.NotBefore!.Value;
        await world.AdvanceUntilAsync(node, id, record => record.Run.Status == RunStatus.Succeeded, TimeSpan.FromMilliseconds(100));
        Assert.InRange(world.Time.GetUtcNow() - due, TimeSpan.Zero, TimeSpan.FromSeconds(20));
    }
}
