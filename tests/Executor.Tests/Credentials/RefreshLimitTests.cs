using Executor.Credentials;
using Executor.Identity;
using Executor.Nodes;
using Executor.Sandbox;
using Executor.Sandbox.OAuth;
using Executor.Servers;
using Executor.Tests.Infrastructure;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace Executor.Tests.Credentials;

/// <summary>What one node asks of one OAuth server at a time, and who waits for that.</summary>
public sealed class RefreshLimitTests : IAsyncLifetime, IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private CredentialWorld _world = null!;
    private TestNode _node = null!;
    private RefreshQueueGauge _queue = null!;

    private OAuthSandbox OAuth => _world.Sandbox.OAuth;

    public async Task InitializeAsync()
    {
        _world = await CredentialWorld.StartAsync(ProviderBehaviour.Grace(60));
        _node = _world.Node();
        _queue = new RefreshQueueGauge(_node);
    }

    public async Task DisposeAsync() => await _world.DisposeAsync();

    public void Dispose() => _queue.Dispose();

    [Fact]
    public async Task Storm_of_expiries_keeps_to_the_limit_and_refreshes_every_credential()
    {
        Limit(inFlight: 8);
        OAuth.SetFault(OAuthFault.HangBeforeSpending() with { Times = null });
        var calls = await AskAsync(Enumerable.Range(1, 40));

        await _queue.ReachesAsync(32);
        await _world.AdvanceUntilAsync(() => OAuth.Release() >= 0 && Array.TrueForAll(calls, call => call.IsCompleted), TimeSpan.FromMilliseconds(1));

        Assert.All(calls, call => Assert.IsType<TokenOutcome.Issued>(call.Result));
        Assert.Equal((40, 8), (OAuth.Counters.GrantRequests, OAuth.Counters.MaxConcurrency));
    }

    [Fact]
    public async Task Redemptions_a_second_are_limited_after_a_burst()
    {
        Limit(aSecond: 2);
        var calls = await AskAsync(Enumerable.Range(1, 6));

        await _queue.ReachesAsync(4);
        await OAuth.WaitForRequestsAsync(_ => true, 2);
        _world.Time.Advance(TimeSpan.FromSeconds(0.5));
        await _queue.ReachesAsync(3);
        _world.Time.Advance(TimeSpan.FromSeconds(1));
        await _queue.ReachesAsync(1);
        _world.Time.Advance(TimeSpan.FromSeconds(0.5));

        Assert.All(await Task.WhenAll(calls).WaitAsync(Patience), outcome => Assert.IsType<TokenOutcome.Issued>(outcome));
    }

    [Fact]
    public async Task User_whose_redemptions_hang_keeps_no_other_user_from_refreshing()
    {
        Limit(inFlight: 8);
        for (var i = 0; i < 20; i++)
        {
            var grant = OAuth.Mint();
            OAuth.SetFault(OAuthFault.HangBeforeSpending() with { GrantId = grant.GrantId });
            var owner = _node.Services.GetRequiredService<ICredentials>().For(new(UserId.From(1), McpServerId.From($"server-{i}")));
            await owner.DepositAsync(_world.DepositOf(grant.RefreshToken), default);
            _ = owner.GetTokenAsync(default).AsTask();
        }

        await OAuth.WaitForHeldAsync(2);
        await _queue.ReachesAsync(18);
        for (var user = 2; user <= 20; user++)
            await (await AskAsync([user]))[0].WaitAsync(Patience);

        Assert.Equal((2, 21), (OAuth.Counters.Held, OAuth.Counters.GrantRequests));
    }

    [Fact]
    public async Task OAuth_server_that_hangs_keeps_no_other_server_waiting()
    {
        Limit(inFlight: 1);
        await HangAsync(user: 1);
        await using var other = await SandboxHost.StartAsync(new SandboxOptions { TimeProvider = _world.Time });
        var deposit = _world.DepositOf(other.OAuth.Mint().RefreshToken) with { TokenEndpoint = other.TokenEndpoint.ToString() };
        await _node.Owner(2).DepositAsync(deposit, default);

        await _node.TokenAsync(2).WaitAsync(Patience);
    }

    [Fact]
    public async Task Caller_in_the_queue_is_told_to_come_back_and_its_refresh_stays_queued()
    {
        Limit(inFlight: 1);
        await HangAsync(user: 1);
        var call = (await AskAsync([2]))[0];
        await _queue.ReachesAsync(1);

        await _world.AdvanceUntilAsync(() => call.IsCompleted);
        Assert.IsType<TokenOutcome.Unavailable>(await call);
        OAuth.Release();
        await _node.IdleAsync();

        Assert.Equal(CredentialState.Ready, (await _world.RowAsync(2)).State);
        Assert.Equal(2, OAuth.Counters.Issued);
    }

    [Fact]
    public async Task Queued_refresh_that_another_node_makes_leaves_the_queue()
    {
        Limit(inFlight: 1);
        await HangAsync(user: 1);
        var call = (await AskAsync([2]))[0];
        await _queue.ReachesAsync(1);

        var token = await _world.Node("b").TokenAsync(2);

        Assert.Equal(token, Assert.IsType<TokenOutcome.Issued>(await call.WaitAsync(Patience)).Token);
        await _queue.ReachesAsync(0);
        Assert.Equal(2, OAuth.Counters.GrantRequests);
    }

    [Fact]
    public async Task Doubt_is_resolved_inside_its_window_although_others_fill_the_queue()
    {
        Limit(inFlight: 1);
        _world.Catalog.OAuth2(CredentialWorld.Server, _world.Sandbox.McpEndpoint, RefreshReplay.Grace(TimeSpan.FromSeconds(60)));
        OAuth.SetFault(OAuthFault.DropAfterSpending());
        Assert.IsType<TokenOutcome.Unavailable>(await (await AskAsync([1]))[0]);
        await _node.IdleAsync();
        await HangAsync(user: 2);
        await AskAsync([3]);
        await _queue.ReachesAsync(1);

        _world.Time.Advance(TimeSpan.FromSeconds(2)); // its back-off
        await _node.TokenAsync(1).WaitAsync(Patience);

        await _queue.ReachesAsync(1);
    }

    [Fact]
    public async Task Draining_empties_the_queue_and_sends_nothing()
    {
        Limit(inFlight: 1);
        await HangAsync(user: 1);
        var calls = await AskAsync([2, 3]);
        await _queue.ReachesAsync(2);

        _node.Liveness.MayOpenIntents = false;
        _node.Services.GetRequiredService<NodeState>().MoveTo(NodePhase.Draining);

        Assert.All(await Task.WhenAll(calls).WaitAsync(Patience), outcome => Assert.IsType<TokenOutcome.Unavailable>(outcome));
        await _queue.ReachesAsync(0);
        Assert.Equal(1, OAuth.Counters.GrantRequests);
    }

    [Fact]
    public async Task Turn_of_a_refresh_that_ends_in_a_defect_is_not_lost()
    {
        UnreliableStore store = null!;
        _node = _world.Node("b", through: real => store = new UnreliableStore(real));
        using var queue = new RefreshQueueGauge(_node);
        Limit(inFlight: 1);
        await HangAsync(user: 1);
        var queued = (await AskAsync([2]))[0];
        await queue.ReachesAsync(1);

        // In the queue,
        store.BeforeRead = () => throw new InvalidOperationException("A defect.");
        _node.Owner(2).Invalidate();
        await Assert.ThrowsAsync<InvalidOperationException>(() => queued.WaitAsync(Patience));
        await queue.ReachesAsync(0);
        store.BeforeRead = null;
        OAuth.Release();
        Assert.IsType<TokenOutcome.Issued>(await (await AskAsync([1]))[0].WaitAsync(Patience)); // what it commits is not to meet the defect

        // and with the turn taken.
        await _world.DepositAsync(_node, user: 3);
        store.FailNext(CommitFault.DefectAfterCommit);
        await Assert.ThrowsAsync<InvalidOperationException>(() => _node.Owner(3).GetTokenAsync(default).AsTask().WaitAsync(Patience));

        Assert.IsType<TokenOutcome.Issued>(await (await AskAsync([4]))[0].WaitAsync(Patience));
    }

    private void Limit(int inFlight = 32, int aSecond = 100)
    {
        var options = _node.Services.GetRequiredService<IOptions<CredentialOptions>>().Value;
        (options.RefreshesPerServer, options.RefreshRatePerServer) = (inFlight, aSecond);
    }

    /// <summary>The user's redemption hangs from when this returns.</summary>
    private async Task HangAsync(int user)
    {
        var after = OAuth.Journal.Position;
        OAuth.SetFault(OAuthFault.HangBeforeSpending());
        await AskAsync([user]);
        await OAuth.WaitForRequestsAsync(request => request.Stage == RequestStage.Held, timeout: Patience, after: after);
    }

    private async Task<Task<TokenOutcome>[]> AskAsync(IEnumerable<int> users)
    {
        List<Task<TokenOutcome>> calls = [];
        foreach (var user in users)
        {
            await _world.DepositAsync(_node, user: user);
            calls.Add(_node.Owner(user).GetTokenAsync(default).AsTask());
        }

        return [.. calls];
    }
}
