using Executor.Credentials;
using Executor.Identity;
using Executor.Sandbox.OAuth;
using Executor.Servers;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace Executor.Tests.Credentials;

/// <summary>Refreshing at a provider that behaves, seen by callers.</summary>
public sealed class RefreshTests : IAsyncLifetime
{
    private CredentialWorld _world = null!;
    private TestNode _node = null!;

    public async Task InitializeAsync()
    {
        _world = await CredentialWorld.StartAsync();
        _node = _world.Node();
    }

    public async Task DisposeAsync() => await _world.DisposeAsync();

    [Fact]
    public async Task Token_without_a_deposit_needs_reauth_and_reaches_no_server()
    {
        var outcome = Assert.IsType<TokenOutcome.NeedsReauth>(await _node.Owner().GetTokenAsync(default));

        Assert.Equal(CredentialState.Absent, outcome.Seen.State);
        Assert.Equal(0, _world.Sandbox.OAuth.Counters.GrantRequests);
    }

    [Fact]
    public async Task Two_hundred_callers_of_one_expired_credential_make_one_grant()
    {
        await _world.DepositAsync(_node);

        var tokens = await Task.WhenAll(Enumerable.Range(0, 200).Select(_ => _node.TokenAsync()));

        Assert.Single(tokens.Distinct());
        Assert.Equal(1, _world.Sandbox.OAuth.Counters.GrantRequests);
        Assert.True(await _world.AcceptsAsync(tokens[0]));
    }

    [Fact]
    public async Task Callers_of_duplicate_activations_and_two_nodes_make_one_grant()
    {
        await _world.DepositAsync(_node);
        var other = _world.Node("b");
        var owners = new[] { _node.Owner(), _node.Duplicate(), other.Owner(), other.Duplicate() };

        var calls = Task.WhenAll(Enumerable.Range(0, 80).Select(i => owners[i % 4].GetTokenAsync(default).AsTask()));
        await _world.AdvanceUntilAsync(() => calls.IsCompleted, TimeSpan.FromMilliseconds(100));

        Assert.Single((await calls).Select(o => Assert.IsType<TokenOutcome.Issued>(o).Token).Distinct());
        Assert.Equal(1, _world.Sandbox.OAuth.Counters.GrantRequests);
    }

    [Fact]
    public async Task Access_token_survives_a_restart_without_a_grant()
    {
        await _world.DepositAsync(_node);
        var token = await _node.TokenAsync();

        Assert.Equal(token, await _world.Node("b").TokenAsync());
        Assert.Equal(1, _world.Sandbox.OAuth.Counters.GrantRequests);
    }

    [Fact]
    public async Task A_thousand_parallel_rejections_of_one_token_make_one_grant()
    {
        await _world.DepositAsync(_node);
        var issued = Assert.IsType<TokenOutcome.Issued>(await _node.Owner().GetTokenAsync(default));

        var outcomes = await Task.WhenAll(
            Enumerable.Range(0, 1000).Select(_ => _node.Owner().TokenRejectedAsync(new Rejection(issued.Generation), default).AsTask()));

        var renewed = Assert.Single(outcomes.Select(o => Assert.IsType<TokenOutcome.Issued>(o).Token).Distinct());
        Assert.NotEqual(issued.Token, renewed);
        Assert.Equal(2, _world.Sandbox.OAuth.Counters.GrantRequests);
    }

    [Fact]
    public async Task Rejection_of_an_older_generation_changes_nothing()
    {
        await _world.DepositAsync(_node);
        var old = Assert.IsType<TokenOutcome.Issued>(await _node.Owner().GetTokenAsync(default));
        var current = Assert.IsType<TokenOutcome.Issued>(await _node.Owner().TokenRejectedAsync(new Rejection(old.Generation), default));

        Assert.Equal(current, await _node.Owner().TokenRejectedAsync(new Rejection(old.Generation), default));
        Assert.Equal(2, _world.Sandbox.OAuth.Counters.GrantRequests);
    }

    [Fact]
    public async Task Deposit_reaches_another_node_at_once()
    {
        await _world.DepositAsync(_node);
        var other = _world.Node("b");
        var before = await other.TokenAsync();

        await _world.DepositAsync(_node);
        await _world.AdvanceUntilAsync(async () => await other.TokenAsync() != before, TimeSpan.FromMilliseconds(10));
    }

    [Fact]
    public async Task Disconnect_is_seen_by_a_node_that_got_no_notification_within_five_seconds()
    {
        await _world.DepositAsync(_node);
        var deaf = _world.Node("deaf");
        deaf.Owner().Invalidate();
        await deaf.TokenAsync();
        var row = await _world.RowAsync();
        await _world.Store.ChangeAsync(
            row.Key,
            new CredentialChangeOptions(DrawsGeneration: true),
            l => new CredentialDecision<bool>(true, new CredentialRow { Key = row.Key, Version = l.Row!.Version, Generation = l.NextGeneration }),
            default);

        _world.Time.Advance(TimeSpan.FromSeconds(5));

        Assert.IsType<TokenOutcome.NeedsReauth>(await deaf.Owner().GetTokenAsync(default));
    }

    [Fact]
    public async Task User_at_the_limit_may_deposit_again_but_not_anew()
    {
        _node.Services.GetRequiredService<IOptions<CredentialOptions>>().Value.MaxPerUser = 1;
        await _world.DepositAsync(_node);
        var other = _node.Services.GetRequiredService<ICredentials>().For(CredentialWorld.Key() with { Server = McpServerId.From("other") });

        Assert.Equal(new DepositOutcome.TooMany(1), await other.DepositAsync(_world.DepositOf("rt"), default));
        await _world.DepositAsync(_node);
        await _world.DepositAsync(_node, user: 8);
        await _node.Owner().DeleteAsync(default);
        Assert.IsType<DepositOutcome.Stored>(await other.DepositAsync(_world.DepositOf("rt"), default));
    }

    [Fact]
    public async Task Cancelled_caller_does_not_cancel_the_redemption()
    {
        _world.Sandbox.OAuth.SetFault(OAuthFault.HangBeforeSpending());
        await _world.DepositAsync(_node);
        using var impatient = new CancellationTokenSource();
        var call = _node.Owner().GetTokenAsync(impatient.Token).AsTask();
        await _world.Sandbox.OAuth.WaitForHeldAsync();

        await impatient.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => call);
        _world.Sandbox.OAuth.Release();

        Assert.True(await _world.AcceptsAsync(await _node.TokenAsync()));
        Assert.Equal(1, _world.Sandbox.OAuth.Counters.GrantRequests);
    }

    [Fact]
    public async Task Deposit_serves_those_who_wait_for_a_refresh_that_hangs()
    {
        var dead = await _world.DepositAsync(_node);
        _world.Sandbox.OAuth.SetFault(OAuthFault.HangBeforeSpending() with { GrantId = dead.GrantId });
        var call = _node.Owner().GetTokenAsync(default).AsTask();
        await _world.Sandbox.OAuth.WaitForHeldAsync();

        await _world.DepositAsync(_node);

        Assert.True(await _world.AcceptsAsync(Assert.IsType<TokenOutcome.Issued>(await call).Token));
    }

    [Fact]
    public async Task Delete_during_a_refresh_resurrects_nothing()
    {
        _world.Sandbox.OAuth.SetFault(OAuthFault.HangAfterSpending());
        await _world.DepositAsync(_node);
        var call = _node.Owner().GetTokenAsync(default).AsTask();
        await _world.Sandbox.OAuth.WaitForHeldAsync();

        await _node.Owner().DeleteAsync(default);
        Assert.IsType<TokenOutcome.NeedsReauth>(await call);
        _world.Sandbox.OAuth.Release();
        await _node.IdleAsync();

        var row = await _world.RowAsync();
        Assert.Equal(CredentialState.Absent, row.State);
        Assert.Null(row.RefreshToken);
        Assert.Null(row.AccessToken);
    }

    [Fact]
    public async Task Provider_that_omits_unchanged_tokens_and_lifetimes_is_refreshed_all_the_same()
    {
        await _world.DepositAsync(_node, ProviderBehaviour.NoRotationOmitted with { ExpiresIn = ExpiresInForm.Omitted });
        await _node.TokenAsync();
        _world.Time.Advance(TimeSpan.FromMinutes(61));
        await _node.TokenAsync();

        Assert.Equal(2, _world.Sandbox.OAuth.Counters.Issued);
    }

    [Fact]
    public async Task Thirty_days_of_short_tokens_never_ask_the_user()
    {
        await _world.DepositAsync(_node);
        for (var hour = 0; hour < 30 * 24; hour++)
        {
            Assert.True(await _world.AcceptsAsync(await _node.TokenAsync()));
            _world.Time.Advance(TimeSpan.FromHours(1));
        }

        Assert.Equal(0, _world.Sandbox.OAuth.Counters.ReplaysOfSpentTokens);
    }

    [Fact]
    public async Task Resource_and_scope_are_sent_with_the_registered_authentication()
    {
        _world.Catalog.OAuth2(CredentialWorld.Server, _world.Sandbox.McpEndpoint, RefreshReplay.Strict, resource: "https://mcp.example/");
        var grant = _world.Sandbox.OAuth.Mint(new MintGrant { ClientId = "a client", ClientSecret = "s3 cr&t", AuthMethod = Executor.Sandbox.OAuth.ClientAuthMethod.ClientSecretPost });
        await _node.Owner().DepositAsync(
            new Deposit(
                new RefreshToken(grant.RefreshToken),
                _world.Sandbox.TokenEndpoint.ToString(),
                "a client",
                new ClientSecret("s3 cr&t"),
                AuthMethod: Executor.Credentials.ClientAuthMethod.Post,
                Scopes: "read write"),
            default);
        await _node.TokenAsync();

        var request = Assert.Single(_world.Sandbox.OAuth.Journal.Read());
        Assert.Equal(("https://mcp.example/", "read write", Executor.Sandbox.OAuth.ClientAuthMethod.ClientSecretPost), (request.Resource, request.Scope, request.AuthMethod));
    }
}
