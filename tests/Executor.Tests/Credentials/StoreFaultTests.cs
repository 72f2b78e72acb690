using Executor.Credentials;
using Executor.Sandbox.OAuth;
using Executor.Servers;
using Executor.Tests.Infrastructure;
using Executor.Tests.Mcp;

namespace Executor.Tests.Credentials;

/// <summary>Commits that fail, or take place without anybody hearing of it.</summary>
public sealed class StoreFaultTests : IAsyncLifetime
{
    private CredentialWorld _world = null!;
    private UnreliableStore _store = null!;
    private TestNode _node = null!;

    public async Task InitializeAsync()
    {
        _world = await CredentialWorld.StartAsync();
        _node = _world.Node(through: store => _store = new UnreliableStore(store));
    }

    public async Task DisposeAsync() => await _world.DisposeAsync();

    [Fact]
    public async Task Intent_that_cannot_be_committed_sends_nothing()
    {
        await _world.DepositAsync(_node);
        _store.Fail = CommitFault.BeforeCommit;
        var call = _node.Owner().GetTokenAsync(default).AsTask();

        await _world.AdvanceUntilAsync(() => call.IsCompleted);

        Assert.IsType<TokenOutcome.Unavailable>(await call);
        Assert.Equal(0, _world.Sandbox.OAuth.Counters.GrantRequests);
        _store.Fail = CommitFault.None;
    }

    [Fact]
    public async Task Intent_whose_commit_took_place_unheard_is_used_once()
    {
        await _world.DepositAsync(_node);
        _store.FailNext(CommitFault.AfterCommit);
        var call = _node.Owner().GetTokenAsync(default).AsTask();

        await _world.AdvanceUntilAsync(() => call.IsCompleted, TimeSpan.FromMilliseconds(100));

        Assert.IsType<TokenOutcome.Issued>(await call);
        Assert.Equal(1, _world.Sandbox.OAuth.Counters.GrantRequests);
    }

    [Fact]
    public async Task Intent_that_was_superseded_before_its_sender_heard_of_it_is_withdrawn()
    {
        _world.Catalog.OAuth2(CredentialWorld.Server, _world.Sandbox.McpEndpoint, RefreshReplay.Grace(TimeSpan.FromSeconds(60)));
        var other = _world.Node("b");
        other.Liveness.Suspects.Add(_node.Liveness.Self);
        await _world.DepositAsync(other);
        _world.Sandbox.OAuth.SetFault(OAuthFault.Error("invalid_client", 401));
        _store.FailNext(CommitFault.AfterCommit);
        _store.AfterIntent = () =>
        {
            _world.Time.Advance(TimeSpan.FromSeconds(10)); // before that, the intent itself says that its owner lives
            _ = other.Owner().GetTokenAsync(default).AsTask();
            _world.AdvanceUntilAsync(IsUnresolvedAsync, TimeSpan.FromMilliseconds(10)).GetAwaiter().GetResult();
        };

        _ = _node.Owner().GetTokenAsync(default).AsTask();

        // Refused, which is final as soon as no earlier intent can bring anything.
        await _world.AdvanceUntilAsync(
            async () => (await _world.RowAsync()).State == CredentialState.OperatorError, TimeSpan.FromMilliseconds(50));
    }

    [Fact]
    public async Task Intent_whose_sender_met_a_defect_is_withdrawn()
    {
        await _world.DepositAsync(_node);
        _store.FailNext(CommitFault.DefectAfterCommit);

        await Assert.ThrowsAsync<InvalidOperationException>(() => _node.Owner().GetTokenAsync(default).AsTask());
        await _node.IdleAsync();

        Assert.Equal(CredentialState.Ready, (await _world.RowAsync()).State);
        await _node.TokenAsync();
        Assert.Equal(1, _world.Sandbox.OAuth.Counters.GrantRequests);
    }

    [Fact]
    public async Task Recovery_of_one_credential_that_meets_a_defect_keeps_no_other_from_recovering()
    {
        _world.Sandbox.OAuth.SetFault(OAuthFault.DropBeforeSpending() with { Times = 2 });
        foreach (var user in new[] { 7, 8 })
        {
            await _world.DepositAsync(_node, user: user);
            Assert.IsType<TokenOutcome.Unavailable>(await _node.Owner(user).GetTokenAsync(default));
        }

        await _node.IdleAsync();
        _world.Time.Advance(TimeSpan.FromSeconds(121));
        var failed = 0;
        _store.BeforeRead = () =>
        {
            if (Interlocked.Exchange(ref failed, 1) == 0)
                throw new InvalidOperationException("A row that this version cannot read.");
        };

        await _node.Recovery.SweepAsync(default);

        CredentialState[] states = [(await _world.RowAsync(7)).State, (await _world.RowAsync(8)).State];
        Assert.Equal([CredentialState.Ready, CredentialState.Unresolved], states.Order());
    }

    [Fact]
    public async Task Intent_heard_of_too_late_is_withdrawn_unsent()
    {
        await _world.DepositAsync(_node);
        _store.Fail = CommitFault.AfterCommit;
        var call = _node.Owner().GetTokenAsync(default).AsTask();
        await _world.AdvanceUntilAsync(() => call.IsCompleted);
        _store.Fail = CommitFault.None;

        await _world.AdvanceUntilAsync(async () => (await _world.RowAsync()).State == CredentialState.Ready);

        Assert.Equal(0, _world.Sandbox.OAuth.Counters.GrantRequests);
        var next = _node.Owner().GetTokenAsync(default).AsTask();
        await _world.AdvanceUntilAsync(() => next.IsCompleted, TimeSpan.FromMilliseconds(50));
        Assert.IsType<TokenOutcome.Issued>(await next);
    }

    [Theory]
    [InlineData(CommitFault.BeforeCommit)]
    [InlineData(CommitFault.AfterCommit)]
    public async Task Answer_is_stored_however_long_the_database_is_away_and_handed_out_after_that_only(CommitFault fault)
    {
        _world.Sandbox.OAuth.SetFault(OAuthFault.HangAfterSpending());
        await _world.DepositAsync(_node);
        var call = _node.Owner().GetTokenAsync(default).AsTask();
        await _world.Sandbox.OAuth.WaitForHeldAsync();
        _store.Fail = fault;
        _world.Sandbox.OAuth.Release();
        await _store.WaitForFaultsAsync(3, _world.Time);
        if (fault == CommitFault.BeforeCommit)
            Assert.False(call.IsCompleted); // otherwise it is stored, and may be served, although its sender does not know

        _store.Fail = CommitFault.None;
        await _world.AdvanceUntilAsync(() => call.IsCompleted, TimeSpan.FromMilliseconds(200));

        Assert.True(await _world.AcceptsAsync(Assert.IsType<TokenOutcome.Issued>(await call).Token));
        Assert.Equal(1, _world.Sandbox.OAuth.Counters.GrantRequests);
    }

    [Fact]
    public async Task Permit_that_grew_old_between_commit_and_send_is_given_up()
    {
        await _world.DepositAsync(_node);
        // The process «freezes» between the commit of its intent and the last check.
        _store.AfterIntent = () => _world.Time.Advance(TimeSpan.FromSeconds(4));

        Assert.IsType<TokenOutcome.Issued>(await _node.Owner().GetTokenAsync(default));

        Assert.Equal(1, _world.Sandbox.OAuth.Counters.GrantRequests);
        Assert.True(_store.Intents >= 2, "the first intent should have been given up");
    }

    [Fact]
    public async Task Permit_that_was_revoked_by_a_deposit_is_not_used()
    {
        var old = await _world.DepositAsync(_node);
        var newer = _world.Sandbox.OAuth.Mint();
        var other = _world.Node("b").Owner();
        _store.AfterIntent = () => other.DepositAsync(_world.DepositOf(newer.RefreshToken), default).GetAwaiter().GetResult();

        Assert.IsType<TokenOutcome.Issued>(await _node.Owner().GetTokenAsync(default));

        Assert.All(_world.Sandbox.OAuth.Journal.Read(), r => Assert.Equal(newer.GrantId, r.GrantId));
        Assert.Equal(0, _world.Sandbox.OAuth.Status(old.GrantId)!.Requests);
    }

    [Fact]
    public async Task Node_that_cannot_revalidate_serves_nothing_after_five_seconds()
    {
        using var heard = new CountdownEvent(3); // of the deposit, the intent and the result: each makes the owner look again
        using var listening = _world.Changes.Subscribe(_ => heard.Signal());
        await _world.DepositAsync(_node);
        await _node.TokenAsync();
        Assert.True(heard.Wait(TimeSpan.FromSeconds(10)));
        await _node.TokenAsync();
        _store.BeforeRead = () => throw new StoreUnavailableException();

        _world.Time.Advance(TimeSpan.FromSeconds(4));
        await _node.TokenAsync();
        _world.Time.Advance(TimeSpan.FromSeconds(2));

        await Assert.ThrowsAsync<StoreUnavailableException>(() => _node.Owner().GetTokenAsync(default).AsTask());
    }

    [Fact]
    public async Task Caller_is_not_told_what_others_have_been_waiting_for_longer_than_five_seconds()
    {
        await _world.DepositAsync(_node);
        await _node.TokenAsync();
        _node.Owner().Invalidate();
        var reads = 0;
        _store.BeforeRead = () => reads++;
        var stall = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _store.ReadArrives = stall.Task;
        var early = _node.Owner().GetTokenAsync(default).AsTask();
        await _world.AdvanceUntilAsync(() => reads == 1, TimeSpan.Zero);
        _world.Time.Advance(TimeSpan.FromSeconds(6));
        _store.ReadArrives = Task.CompletedTask;

        var late = _node.Owner().GetTokenAsync(default).AsTask();
        stall.SetResult();
        await Task.WhenAll(early, late);

        Assert.Equal(2, reads);
    }

    [Fact]
    public async Task Token_turned_down_before_its_owner_has_read_it_is_not_handed_out_again()
    {
        UnreliableStore? store = null;
        var node = _world.Node("deaf", through: real => store = new UnreliableStore(real), changes: new LocalChangeFeed());
        await _world.DepositAsync(_node);
        var old = Assert.IsType<TokenOutcome.Issued>(await _node.Owner().GetTokenAsync(default));
        var reads = 0;
        store!.BeforeRead = () => reads++;
        var stall = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        store.ReadArrives = stall.Task;
        var early = node.Owner().GetTokenAsync(default).AsTask();
        await _world.AdvanceUntilAsync(() => reads == 1, TimeSpan.Zero);
        store.ReadArrives = Task.CompletedTask;
        var newer = Assert.IsType<TokenOutcome.Issued>(await _node.Owner().TokenRejectedAsync(new Rejection(old.Generation), default));

        var call = node.Owner().TokenRejectedAsync(new Rejection(newer.Generation), default).AsTask();
        stall.SetResult();
        await early;
        await _world.AdvanceUntilAsync(() => call.IsCompleted, TimeSpan.FromMilliseconds(50));

        Assert.True(Assert.IsType<TokenOutcome.Issued>(await call).Generation.Value > newer.Generation.Value);
    }

    private async Task<bool> IsUnresolvedAsync() => (await _world.RowAsync()).State == CredentialState.Unresolved;
}
