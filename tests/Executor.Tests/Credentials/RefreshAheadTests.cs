using Executor.Credentials;
using Executor.Sandbox.OAuth;
using Executor.Tests.Infrastructure;

namespace Executor.Tests.Credentials;

/// <summary>A token that is due for its refresh, but good for a while yet, keeps nobody waiting. Lifetime: an hour.</summary>
public sealed class RefreshAheadTests : IAsyncLifetime
{
    private CredentialWorld _world = null!;
    private TestNode _node = null!;
    private TokenOutcome.Issued _first = null!;

    public async Task InitializeAsync()
    {
        _world = await CredentialWorld.StartAsync();
        _node = _world.Node();
        await _world.DepositAsync(_node);
        _first = await AskAsync();
    }

    public async Task DisposeAsync() => await _world.DisposeAsync();

    [Fact]
    public async Task Token_is_used_for_three_quarters_of_its_lifetime_at_least()
    {
        _world.Time.Advance(TimeSpan.FromMinutes(44.9));

        Assert.Equal(_first, await AskAsync());
        await _node.IdleAsync();
        Assert.Equal(1, _world.Sandbox.OAuth.Counters.GrantRequests);
    }

    [Fact]
    public async Task Token_that_is_due_is_served_while_one_refresh_goes_on()
    {
        _world.Time.Advance(TimeSpan.FromMinutes(57));
        _world.Sandbox.OAuth.SetFault(OAuthFault.HangBeforeSpending());

        Assert.All(await Task.WhenAll(Enumerable.Range(0, 100).Select(_ => AskAsync())), issued => Assert.Equal(_first, issued));
        await _world.Sandbox.OAuth.WaitForHeldAsync();
        Assert.Equal(_first, await AskAsync());
        _world.Sandbox.OAuth.Release();
        await _node.IdleAsync();

        Assert.NotEqual(_first, await AskAsync());
        Assert.Equal(2, _world.Sandbox.OAuth.Counters.GrantRequests);
    }

    [Fact]
    public async Task Token_about_to_expire_makes_its_caller_wait_for_the_next()
    {
        _world.Time.Advance(TimeSpan.FromSeconds(3586));

        Assert.NotEqual(_first, await AskAsync());
    }

    [Fact]
    public async Task Token_about_to_expire_is_served_all_the_same_when_its_refresh_hangs()
    {
        _world.Time.Advance(TimeSpan.FromSeconds(3586));
        _world.Sandbox.OAuth.SetFault(OAuthFault.HangBeforeSpending());
        var call = AskAsync();
        await _world.Sandbox.OAuth.WaitForHeldAsync();
        Assert.False(call.IsCompleted);

        await _world.AdvanceUntilAsync(() => call.IsCompleted);

        Assert.Equal(_first, await call);
    }

    [Fact]
    public async Task Rejected_token_is_not_served_while_its_refresh_goes_on_already()
    {
        _world.Time.Advance(TimeSpan.FromMinutes(57));
        _world.Sandbox.OAuth.SetFault(OAuthFault.HangBeforeSpending());
        await AskAsync();
        await _world.Sandbox.OAuth.WaitForHeldAsync();

        var rejected = _node.Owner().TokenRejectedAsync(new Rejection(_first.Generation), default).AsTask();
        await _world.AdvanceUntilAsync(() => rejected.IsCompleted);
        Assert.IsType<TokenOutcome.Unavailable>(await rejected);
        var later = _node.Owner().GetTokenAsync(default).AsTask();
        _world.Sandbox.OAuth.Release();

        Assert.NotEqual(_first.Token, Assert.IsType<TokenOutcome.Issued>(await later).Token);
        Assert.Equal(2, _world.Sandbox.OAuth.Counters.GrantRequests);
    }

    [Fact]
    public async Task Refresh_ahead_that_meets_a_defect_costs_its_caller_nothing()
    {
        UnreliableStore store = null!;
        var node = _world.Node("b", through: real => store = new UnreliableStore(real));
        _world.Time.Advance(TimeSpan.FromMinutes(57));
        store.FailNext(CommitFault.DefectAfterCommit);

        Assert.IsType<TokenOutcome.Issued>(await node.Owner().GetTokenAsync(default));
        await node.IdleAsync();

        Assert.Equal(CredentialState.Ready, (await _world.RowAsync()).State);
        Assert.Contains(_world.Logs.Lines, line => line.Level == Microsoft.Extensions.Logging.LogLevel.Critical);
    }

    [Fact]
    public async Task Refresh_ahead_that_gets_nowhere_is_not_begun_again_by_every_caller()
    {
        UnreliableStore store = null!;
        var node = _world.Node("b", through: real => store = new UnreliableStore(real));
        await _world.MarkGoneAsync(node); // it may open nothing, and is told so at once
        _world.Time.Advance(TimeSpan.FromMinutes(57));

        for (var call = 0; call < 20; call++)
        {
            Assert.IsType<TokenOutcome.Issued>(await node.Owner().GetTokenAsync(default));
            await node.IdleAsync();
        }

        Assert.Equal(1, store.Intents);
        _world.Time.Advance(TimeSpan.FromSeconds(2));
        Assert.IsType<TokenOutcome.Issued>(await node.Owner().GetTokenAsync(default));
        await node.IdleAsync();
        Assert.Equal(2, store.Intents);
    }

    [Theory]
    [InlineData(60, 33, 45)]
    [InlineData(240, 132, 180)]
    [InlineData(3600, 2700, 3420)]
    [InlineData(2_592_000, 1_944_000, 2_462_400)]
    public void Refreshes_of_what_was_minted_together_are_spread(int lifetime, int earliest, int latest)
    {
        var now = _world.Time.GetUtcNow();
        TimeSpan Due(double jitter) =>
            new TokenLifetimes(new CredentialOptions(), jitter).From(now, TimeSpan.FromSeconds(lifetime)).RefreshAt - now;

        Assert.Equal((earliest, latest), ((int)Math.Round(Due(1).TotalSeconds), (int)Math.Round(Due(0).TotalSeconds)));
    }

    /// <summary>Limited in real time: the clock that the owner waits by stands still.</summary>
    private async Task<TokenOutcome.Issued> AskAsync() => Assert.IsType<TokenOutcome.Issued>(
        await _node.Owner().GetTokenAsync(default).AsTask().WaitAsync(TimeSpan.FromSeconds(60)));
}
