using Executor.Credentials;
using Executor.Nodes;
using Executor.Sandbox.OAuth;
using Executor.Servers;
using Microsoft.Extensions.DependencyInjection;

namespace Executor.Tests.Credentials;

/// <summary>Nodes that stand still, or are without their liveness lock, for a while.</summary>
public sealed class StandstillTests : IAsyncLifetime
{
    private CredentialWorld _world = null!;
    private TestNode _node = null!;

    public async Task InitializeAsync()
    {
        _world = await CredentialWorld.StartAsync();
        _node = _world.Node();
        await _world.DepositAsync(_node);
    }

    public async Task DisposeAsync() => await _world.DisposeAsync();

    [Fact]
    public async Task Answer_that_waits_for_a_process_frozen_beyond_the_deadline_is_read()
    {
        _world.Sandbox.OAuth.SetFault(OAuthFault.HangAfterSpending());
        var call = _node.Owner().GetTokenAsync(default).AsTask();
        await _world.Sandbox.OAuth.WaitForHeldAsync();

        _world.Time.StandStill(TimeSpan.FromMinutes(10));
        _world.Sandbox.OAuth.Release();
        await _node.IdleAsync();
        await call;

        await _node.TokenAsync();
        Assert.Equal(1, _world.Sandbox.OAuth.Counters.GrantRequests);
    }

    [Fact]
    public async Task Request_unanswered_at_its_deadline_is_given_up()
    {
        _world.Sandbox.OAuth.SetFault(OAuthFault.HangBeforeSpending());
        var call = _node.Owner().GetTokenAsync(default).AsTask();
        await _world.Sandbox.OAuth.WaitForHeldAsync();

        _world.Time.Advance(TimeSpan.FromSeconds(120));
        await _node.IdleAsync();
        await call;

        Assert.Equal(CredentialState.Unresolved, (await _world.RowAsync()).State);
    }

    [Fact]
    public async Task Callers_of_a_node_without_its_lock_wait_for_what_another_node_obtains()
    {
        _node.Liveness.MayOpenIntents = false;
        var call = _node.Owner().GetTokenAsync(default).AsTask();

        var token = await _world.Node("b").TokenAsync();
        await _world.AdvanceUntilAsync(() => call.IsCompleted, TimeSpan.FromMilliseconds(50));

        Assert.Equal(token, Assert.IsType<TokenOutcome.Issued>(await call).Token);
        Assert.Equal(1, _world.Sandbox.OAuth.Counters.GrantRequests);
    }

    [Fact]
    public async Task Callers_of_a_node_that_takes_its_lock_again_are_served_by_it()
    {
        _node.Liveness.MayOpenIntents = false;
        var call = _node.Owner().GetTokenAsync(default).AsTask();
        for (var second = 0; second < 3; second++)
        {
            _world.Time.Advance(TimeSpan.FromSeconds(1));
            Assert.False(call.IsCompleted);
        }

        _node.Liveness.MayOpenIntents = true;
        await _world.AdvanceUntilAsync(() => call.IsCompleted, TimeSpan.FromMilliseconds(50));

        Assert.IsType<TokenOutcome.Issued>(await call);
    }

    [Fact]
    public async Task Callers_of_a_draining_node_are_not_kept_waiting()
    {
        _node.Liveness.MayOpenIntents = false;
        _node.Services.GetRequiredService<NodeState>().MoveTo(NodePhase.Draining);

        Assert.IsType<TokenOutcome.Unavailable>(await _node.Owner().GetTokenAsync(default));
    }

    [Fact]
    public async Task Node_without_its_lock_when_it_has_waited_in_vain_asks_again_when_it_has_it_back()
    {
        await using var world = await CredentialWorld.StartAsync(ProviderBehaviour.Grace(60), RefreshReplay.Grace(TimeSpan.FromSeconds(60)));
        var node = world.Node();
        world.Sandbox.OAuth.SetFault(OAuthFault.HangAfterSpending());
        await world.DepositAsync(node);
        var call = node.Owner().GetTokenAsync(default).AsTask();
        await world.Sandbox.OAuth.WaitForHeldAsync();

        node.Liveness.MayOpenIntents = false;
        var until = world.Time.GetUtcNow() + TimeSpan.FromSeconds(15);
        await world.AdvanceUntilAsync(() => world.Time.GetUtcNow() >= until);
        node.Liveness.MayOpenIntents = true;
        await world.AdvanceUntilAsync(async () => call.IsCompleted && (await world.RowAsync()).State == CredentialState.Ready);

        Assert.True(await world.AcceptsAsync(await node.TokenAsync()));
    }

    [Fact]
    public async Task Draining_node_that_waits_in_vain_leaves_the_credential_to_others_while_the_window_is_open()
    {
        await using var world = await CredentialWorld.StartAsync(ProviderBehaviour.Grace(60), RefreshReplay.Grace(TimeSpan.FromSeconds(60)));
        var leaving = world.Node();
        world.Sandbox.OAuth.SetFault(OAuthFault.HangAfterSpending());
        var grant = await world.DepositAsync(leaving);
        var call = leaving.Owner().GetTokenAsync(default).AsTask();
        await world.Sandbox.OAuth.WaitForHeldAsync();
        leaving.Services.GetRequiredService<NodeState>().MoveTo(NodePhase.Draining);
        leaving.Liveness.MayOpenIntents = false;

        await world.AdvanceUntilAsync(() => call.IsCompleted && !leaving.IsBusy());
        Assert.Equal(CredentialState.Unresolved, (await world.RowAsync()).State);
        var other = world.Node("other");
        AccessToken? token = null;
        await world.AdvanceUntilAsync(async () =>
            (token = (await other.Owner().GetTokenAsync(default) as TokenOutcome.Issued)?.Token) is not null);

        Assert.True(await world.AcceptsAsync(token!.Value));
        Assert.False(world.Sandbox.OAuth.Status(grant.GrantId)!.Revoked);
    }
}
