using Executor.Credentials;
using Executor.Credentials.Owner;
using Executor.Sandbox.OAuth;
using Executor.Servers;
using Microsoft.Extensions.DependencyInjection;

namespace Executor.Tests.Credentials;

/// <summary>Refreshing while things go wrong, seen by callers and by the OAuth server.</summary>
public sealed class FaultTests
{
    public static TheoryData<string> PassingFaults => new("503", "429", "html", "scope", "refused");

    [Theory]
    [MemberData(nameof(PassingFaults))]
    public async Task Fault_that_may_pass_asks_nobody_to_reconnect_and_passes(string name)
    {
        await using var world = await CredentialWorld.StartAsync();
        var node = world.Node();
        world.Sandbox.OAuth.SetFault(name switch
        {
            "503" => OAuthFault.ServerErrorBeforeSpending(503),
            "429" => OAuthFault.Busy(429, "2"),
            "html" => OAuthFault.Html(200, spent: false),
            "scope" => OAuthFault.Error("invalid_scope"),
            _ => OAuthFault.Redirect(),
        });
        await world.DepositAsync(node);

        Assert.IsType<TokenOutcome.Unavailable>(await node.Owner().GetTokenAsync(default));
        world.Time.Advance(TimeSpan.FromSeconds(3));

        Assert.True(await world.AcceptsAsync(await node.TokenAsync()));
        Assert.Equal(0, world.Sandbox.OAuth.Counters.RedirectsFollowed);
    }

    [Fact]
    public async Task Backing_off_credential_makes_no_further_requests()
    {
        await using var world = await CredentialWorld.StartAsync();
        var node = world.Node();
        world.Sandbox.OAuth.SetFault(OAuthFault.Busy(429, "60"));
        await world.DepositAsync(node);
        await node.Owner().GetTokenAsync(default);

        for (var i = 0; i < 100; i++)
        {
            var outcome = Assert.IsType<TokenOutcome.Unavailable>(await node.Owner().GetTokenAsync(default));
            Assert.InRange(outcome.RetryAfter, TimeSpan.FromSeconds(55), TimeSpan.FromSeconds(60));
        }

        Assert.Equal(1, world.Sandbox.OAuth.Counters.GrantRequests);
    }

    [Fact]
    public async Task Unexpired_token_is_served_while_the_refresh_fails()
    {
        await using var world = await CredentialWorld.StartAsync();
        var node = world.Node();
        await world.DepositAsync(node);
        var token = await node.TokenAsync();
        world.Sandbox.OAuth.SetFault(OAuthFault.ServerErrorBeforeSpending() with { Times = null });

        world.Time.Advance(TimeSpan.FromMinutes(58)); // due: the refresh fails beside the answer
        Assert.Equal(token, await node.TokenAsync());
        await node.IdleAsync();
        world.Time.Advance(TimeSpan.FromSeconds(110)); // about to expire: the refresh is waited for
        Assert.Equal(token, await node.TokenAsync());
        world.Time.Advance(TimeSpan.FromSeconds(11));
        Assert.IsType<TokenOutcome.Unavailable>(await node.Owner().GetTokenAsync(default));
    }

    [Fact]
    public async Task Connection_refused_leaves_the_token_untouched()
    {
        await using var world = await CredentialWorld.StartAsync();
        var node = world.Node();
        var grant = world.Sandbox.OAuth.Mint();
        await node.Owner().DepositAsync(world.DepositOf(grant.RefreshToken) with { TokenEndpoint = "http://127.0.0.1:9/token" }, default);

        Assert.IsType<TokenOutcome.Unavailable>(await node.Owner().GetTokenAsync(default));
        Assert.Equal(CredentialState.Ready, (await world.RowAsync()).State);
    }

    [Fact]
    public async Task Endpoint_that_is_no_longer_allowed_is_an_operators_error_and_is_sent_nothing()
    {
        await using var world = await CredentialWorld.StartAsync();
        var node = world.Node();
        await world.DepositAsync(node);
        world.Catalog.OAuth2(CredentialWorld.Server, world.Sandbox.McpEndpoint, RefreshReplay.Strict, null, "https://elsewhere.example/token");

        var outcome = Assert.IsType<TokenOutcome.NeedsReauth>(await node.Owner().GetTokenAsync(default));

        Assert.Equal((CredentialState.OperatorError, CredentialReason.EndpointRefused), (outcome.Seen.State, outcome.Reason));
        Assert.Equal(0, world.Sandbox.OAuth.Counters.GrantRequests);
    }

    [Fact]
    public async Task Late_rejection_of_an_older_token_does_not_make_a_rejected_one_usable_again()
    {
        await using var world = await CredentialWorld.StartAsync();
        var node = world.Node();
        await world.DepositAsync(node);
        await node.TokenAsync();
        var older = (await world.RowAsync()).Generation;
        world.Time.Advance(TimeSpan.FromHours(2));
        await node.TokenAsync();
        var current = (await world.RowAsync()).Generation;
        node.Liveness.MayOpenIntents = false;
        await AssertUnavailableAsync(world, node.Owner().TokenRejectedAsync(new Rejection(current), default));
        node.Owner().Invalidate();

        await AssertUnavailableAsync(world, node.Owner().TokenRejectedAsync(new Rejection(older), default));
        await AssertUnavailableAsync(world, node.Owner().GetTokenAsync(default));
    }

    [Fact]
    public async Task Caller_that_waited_for_a_refresh_gets_no_token_of_a_credential_deleted_meanwhile()
    {
        await using var world = await CredentialWorld.StartAsync();
        var node = world.Node();
        await world.DepositAsync(node);
        await node.TokenAsync();
        world.Time.Advance(TimeSpan.FromSeconds(3590));
        world.Sandbox.OAuth.SetFault(OAuthFault.HangAfterSpending());
        var call = node.Owner().GetTokenAsync(default).AsTask();
        await world.Sandbox.OAuth.WaitForHeldAsync();

        await node.Owner().DeleteAsync(default);
        await world.AdvanceUntilAsync(() => call.IsCompleted);

        Assert.Equal(CredentialState.Absent, Assert.IsType<TokenOutcome.NeedsReauth>(await call).Seen.State);
    }

    [Fact]
    public async Task Revoked_grant_needs_reauth_with_one_request_and_its_confirmation_for_any_number_of_callers()
    {
        await using var world = await CredentialWorld.StartAsync();
        var node = world.Node();
        var grant = await world.DepositAsync(node);
        world.Sandbox.OAuth.Revoke(grant.GrantId);

        var begun = world.Time.GetUtcNow();
        var calls = Task.WhenAll(Enumerable.Range(0, 100).Select(_ => node.Owner().GetTokenAsync(default).AsTask()));
        await world.AdvanceUntilAsync(() => calls.IsCompleted);

        Assert.All(await calls, o => Assert.Equal(CredentialReason.Revoked, Assert.IsType<TokenOutcome.NeedsReauth>(o).Reason));
        Assert.Equal(2, world.Sandbox.OAuth.Counters.GrantRequests);
        Assert.InRange(world.Time.GetUtcNow() - begun, TimeSpan.FromSeconds(3), TimeSpan.FromSeconds(10));
    }

    [Fact]
    public async Task Refusal_of_a_token_that_is_being_processed_costs_a_pause_and_the_good_token_is_served_meanwhile()
    {
        await using var world = await CredentialWorld.StartAsync();
        var node = world.Node();
        await world.DepositAsync(node);
        var first = await node.TokenAsync();
        world.Time.Advance(TimeSpan.FromMinutes(57)); // due, and good for three minutes yet
        world.Sandbox.OAuth.SetFault(OAuthFault.Error("invalid_grant"));
        Assert.Equal(first, await node.TokenAsync());
        await world.AdvanceUntilAsync(async () => (await world.RowAsync()).ConfirmingSince is not null, TimeSpan.Zero);
        Assert.Equal(first, await node.TokenAsync());

        await world.AdvanceUntilAsync(async () => (await world.RowAsync()).State == CredentialState.Ready);
        Assert.NotEqual(first, await node.TokenAsync());
        Assert.Equal(3, world.Sandbox.OAuth.Counters.GrantRequests);
        Assert.Equal(0, world.Sandbox.OAuth.Counters.ReplaysOfSpentTokens);
    }

    [Fact]
    public async Task Strict_lost_answer_is_asked_for_once_more_after_the_deadline_and_then_given_up_as_unknown()
    {
        await using var world = await CredentialWorld.StartAsync();
        var node = world.Node();
        world.Sandbox.OAuth.SetFault(OAuthFault.DropAfterSpending());
        await world.DepositAsync(node);

        Assert.IsType<TokenOutcome.Unavailable>(await node.Owner().GetTokenAsync(default));
        world.Time.Advance(TimeSpan.FromSeconds(100));
        Assert.IsType<TokenOutcome.Unavailable>(await node.Owner().GetTokenAsync(default));
        Assert.Equal(1, world.Sandbox.OAuth.Counters.GrantRequests);

        world.Time.Advance(TimeSpan.FromSeconds(21));
        var outcome = Assert.IsType<TokenOutcome.NeedsReauth>(await world.WaitAsync(node.Owner().GetTokenAsync(default)));
        Assert.Equal(CredentialReason.OutcomeUnknown, outcome.Reason);
        Assert.Equal(3, world.Sandbox.OAuth.Counters.GrantRequests);
    }

    [Fact]
    public async Task Strict_request_lost_before_it_was_processed_is_saved()
    {
        await using var world = await CredentialWorld.StartAsync();
        var node = world.Node();
        world.Sandbox.OAuth.SetFault(OAuthFault.DropBeforeSpending());
        await world.DepositAsync(node);

        Assert.IsType<TokenOutcome.Unavailable>(await node.Owner().GetTokenAsync(default));
        world.Time.Advance(TimeSpan.FromSeconds(121));

        Assert.True(await world.AcceptsAsync(await node.TokenAsync()));
        Assert.Equal(0, world.Sandbox.OAuth.Counters.ReplaysOfSpentTokens);
    }

    [Theory]
    [InlineData(GraceAnswer.NewPair)]
    [InlineData(GraceAnswer.SamePair)]
    public async Task Tolerant_lost_answer_is_asked_for_again_inside_the_window_and_saved(GraceAnswer answer)
    {
        await using var world = await CredentialWorld.StartAsync(
            ProviderBehaviour.Grace(30, answer), RefreshReplay.Grace(TimeSpan.FromSeconds(30)));
        var node = world.Node();
        world.Sandbox.OAuth.SetFault(OAuthFault.DropAfterSpending());
        await world.DepositAsync(node);

        Assert.IsType<TokenOutcome.Unavailable>(await node.Owner().GetTokenAsync(default));
        world.Time.Advance(TimeSpan.FromSeconds(2));
        var token = await node.TokenAsync();

        Assert.True(await world.AcceptsAsync(token));
        world.Time.Advance(TimeSpan.FromHours(1));
        Assert.True(await world.AcceptsAsync(await node.TokenAsync()));
    }

    [Fact]
    public async Task Tolerant_hang_is_asked_again_while_the_first_request_is_still_listened_for()
    {
        await using var world = await CredentialWorld.StartAsync(
            ProviderBehaviour.Grace(60), RefreshReplay.Grace(TimeSpan.FromSeconds(60)));
        var node = world.Node();
        world.Sandbox.OAuth.SetFault(OAuthFault.HangAfterSpending());
        await world.DepositAsync(node);
        var call = node.Owner().GetTokenAsync(default).AsTask();
        await world.Sandbox.OAuth.WaitForHeldAsync();

        await world.AdvanceUntilAsync(() => call.IsCompleted);

        Assert.IsType<TokenOutcome.Issued>(await call);
        Assert.Equal(2, world.Sandbox.OAuth.Counters.GrantRequests);
        var generation = (await world.RowAsync()).Generation;
        world.Sandbox.OAuth.Release(); // the first answer, late: its generation is no longer current
        await world.Sandbox.OAuth.WaitForRequestsAsync(r => r.Stage == RequestStage.Answered, 2);
        await node.IdleAsync();
        Assert.Equal(generation, (await world.RowAsync()).Generation);
    }

    [Theory]
    [InlineData(7200)]
    [InlineData(60)] // the redeemed token itself is of no use any more when the new one is
    public async Task Provider_that_kills_the_newest_token_of_a_contested_refresh_is_survived_by_the_kept_one(int grace)
    {
        await using var world = await CredentialWorld.StartAsync(
            ProviderBehaviour.Grace(60), RefreshReplay.Grace(TimeSpan.FromSeconds(60)));
        var node = world.Node();
        world.Sandbox.OAuth.SetFault(OAuthFault.LateWhileHeld());
        var grant = await world.DepositAsync(node, ProviderBehaviour.KillsNewestKeepsOldest(grace));
        var call = node.Owner().GetTokenAsync(default).AsTask();
        await world.Sandbox.OAuth.WaitForHeldAsync();
        await world.AdvanceUntilAsync(() => call.IsCompleted); // the second request wins …
        Assert.IsType<TokenOutcome.Issued>(await call);
        world.Sandbox.OAuth.Release(); // … and the first, processed late, kills what the second brought
        await world.Sandbox.OAuth.WaitForRequestsAsync(r => r is { Stage: RequestStage.Answered, Replay: true });
        await node.IdleAsync();

        world.Time.Advance(TimeSpan.FromHours(1));

        Assert.True(await world.AcceptsAsync(await node.TokenAsync()));
        Assert.False(world.Sandbox.OAuth.Status(grant.GrantId)!.Revoked);
    }

    [Fact]
    public async Task Gone_nodes_open_intent_is_resolved_by_the_recovery_with_nobody_asking()
    {
        await using var world = await CredentialWorld.StartAsync();
        var dead = world.Node("dead");
        world.Sandbox.OAuth.SetFault(OAuthFault.HangBeforeSpending());
        await world.DepositAsync(dead);
        _ = dead.Owner().GetTokenAsync(default).AsTask();
        await world.Sandbox.OAuth.WaitForHeldAsync();
        await world.MarkGoneAsync(dead);
        var alive = world.Node("alive");

        var early = alive.Recovery.SweepAsync(default);
        await world.AdvanceUntilAsync(() => early.IsCompleted);
        Assert.Equal(1, world.Sandbox.OAuth.Counters.GrantRequests); // its deadline is waited for

        world.Time.Advance(TimeSpan.FromSeconds(125)); // the dead node's own listening ends as well
        await world.AdvanceUntilAsync(async () =>
        {
            var sweep = alive.Recovery.SweepAsync(default);
            await world.AdvanceUntilAsync(() => sweep.IsCompleted);
            return (await world.RowAsync()).State == CredentialState.Ready;
        });

        Assert.True(await world.AcceptsAsync(await alive.TokenAsync()));
        Assert.Equal(0, world.Sandbox.OAuth.Counters.ReplaysOfSpentTokens);
    }

    [Fact]
    public async Task Endpoint_off_the_allowlist_is_refused_at_deposit_and_not_called_later()
    {
        await using var world = await CredentialWorld.StartAsync();
        var node = world.Node();
        await world.DepositAsync(node);
        world.Catalog.OAuth2(
            CredentialWorld.Server, world.Sandbox.McpEndpoint, RefreshReplay.Strict, null, "https://idp.example/token");

        Assert.IsType<DepositOutcome.EndpointRefused>(await node.Owner().DepositAsync(world.DepositOf("rt"), default));
        var outcome = Assert.IsType<TokenOutcome.NeedsReauth>(await node.Owner().GetTokenAsync(default));

        Assert.Equal((CredentialState.OperatorError, CredentialReason.EndpointRefused), (outcome.Seen.State, outcome.Reason));
        Assert.Equal(0, world.Sandbox.OAuth.Counters.GrantRequests);
    }

    [Fact]
    public async Task Node_without_a_key_says_so_and_keeps_what_is_stored()
    {
        await using var world = await CredentialWorld.StartAsync();
        await world.DepositAsync(world.Node());
        var before = await world.RowAsync();
        var keyless = world.Node("keyless", key: "");

        Assert.IsType<TokenOutcome.EncryptionKeyMissing>(await keyless.Owner().GetTokenAsync(default));
        Assert.IsType<DepositOutcome.EncryptionKeyMissing>(await keyless.Owner().DepositAsync(world.DepositOf("rt"), default));

        Assert.Equal(before.Version, (await world.RowAsync()).Version);
    }

    [Fact]
    public async Task Node_that_may_not_open_intents_sends_nothing()
    {
        await using var world = await CredentialWorld.StartAsync();
        var node = world.Node();
        await world.DepositAsync(node);
        node.Liveness.MayOpenIntents = false;

        await AssertUnavailableAsync(world, node.Owner().GetTokenAsync(default));
        Assert.Equal(0, world.Sandbox.OAuth.Counters.GrantRequests);
    }

    [Fact]
    public async Task Operator_error_is_told_once_and_ends_with_a_working_registration()
    {
        await using var world = await CredentialWorld.StartAsync();
        var node = world.Node();
        world.Sandbox.OAuth.SetFault(OAuthFault.Error("invalid_client", 401));
        var grant = await world.DepositAsync(node);

        for (var i = 0; i < 5; i++)
        {
            var outcome = Assert.IsType<TokenOutcome.NeedsReauth>(await node.Owner().GetTokenAsync(default));
            Assert.Equal(CredentialState.OperatorError, outcome.Seen.State);
        }

        Assert.Single(world.Logs.Lines, line => line.Level == Microsoft.Extensions.Logging.LogLevel.Error);
        Assert.Equal(1, world.Sandbox.OAuth.Counters.GrantRequests);

        await node.Owner().DepositAsync(world.DepositOf(grant.RefreshToken), default);
        Assert.True(await world.AcceptsAsync(await node.TokenAsync()));
    }

    [Fact]
    public async Task Operator_error_is_tried_again_by_the_recovery_after_its_back_off()
    {
        await using var world = await CredentialWorld.StartAsync();
        var node = world.Node();
        world.Sandbox.OAuth.SetFault(OAuthFault.Error("unauthorized_client"));
        await world.DepositAsync(node);
        await node.Owner().GetTokenAsync(default);

        world.Time.Advance(TimeSpan.FromMinutes(2));
        await node.Recovery.SweepAsync(default);

        Assert.Equal(CredentialState.Ready, (await world.RowAsync()).State);
    }

    [Fact]
    public async Task Credential_of_another_key_is_this_nodes_answer_alone_and_changes_no_row()
    {
        await using var world = await CredentialWorld.StartAsync();
        var node = world.Node();
        await world.DepositAsync(node);
        var before = await world.RowAsync();
        var foreign = world.Node("b", key: new string('b', 64));

        for (var i = 0; i < 2; i++)
        {
            var outcome = Assert.IsType<TokenOutcome.Unavailable>(await foreign.Owner().GetTokenAsync(default));
            Assert.InRange(outcome.RetryAfter, TimeSpan.FromSeconds(5), TimeSpan.FromMinutes(1));
        }

        Assert.Equal(before.Version, (await world.RowAsync()).Version);
        Assert.Single(world.Logs.Lines, line => line.Level == Microsoft.Extensions.Logging.LogLevel.Error);
        Assert.True(foreign.Services.GetRequiredService<CredentialAlarms>().HasUnknownKey);
        Assert.True(await world.AcceptsAsync(await node.TokenAsync()));
    }

    [Fact]
    public async Task Client_secret_of_another_key_is_this_nodes_answer_alone()
    {
        await using var world = await CredentialWorld.StartAsync();
        var node = world.Node("a", key: new string('a', 64));
        await node.Owner().DepositAsync(world.DepositOf("rt-of-the-first-key") with { ClientSecret = new ClientSecret("cs") }, default);
        var first = await world.RowAsync();
        var foreign = world.Node("b", key: new string('b', 64));
        await foreign.Owner().DepositAsync(world.DepositOf("rt-of-the-second-key") with { ClientSecret = new ClientSecret("cs") }, default);
        await world.Store.ChangeAsync(CredentialWorld.Key(), default, ledger =>
            new CredentialDecision<bool>(true, ledger.Row! with { Client = first.Client }), default);

        Assert.IsType<TokenOutcome.Unavailable>(await foreign.Owner().GetTokenAsync(default));

        Assert.Equal(0, world.Sandbox.OAuth.Counters.GrantRequests);
    }

    [Fact]
    public async Task Damaged_credential_sends_its_user_to_reconnect()
    {
        await using var world = await CredentialWorld.StartAsync();
        var node = world.Node();
        await world.DepositAsync(node);
        await world.Store.ChangeAsync(CredentialWorld.Key(), default, ledger =>
        {
            var damaged = ledger.Row!.RefreshToken!.ToArray();
            damaged[^1] ^= 1;
            return new CredentialDecision<bool>(true, ledger.Row with { RefreshToken = damaged });
        }, default);

        Assert.IsType<TokenOutcome.NeedsReauth>(await node.Owner().GetTokenAsync(default));
        await world.DepositAsync(node);
        Assert.True(await world.AcceptsAsync(await node.TokenAsync()));
    }

    [Fact]
    public async Task Secrets_and_upstream_bodies_reach_no_log_line()
    {
        await using var world = await CredentialWorld.StartAsync();
        var node = world.Node();
        var grant = await world.DepositAsync(node);
        var access = await node.TokenAsync();
        world.Sandbox.OAuth.SetFault(OAuthFault.Error("SENTINEL-ERROR-CODE"));
        world.Sandbox.OAuth.SetFault(OAuthFault.Html(502, spent: false));
        world.Sandbox.OAuth.SetFault(OAuthFault.DropBeforeSpending());
        for (var i = 0; i < 4; i++)
        {
            world.Time.Advance(TimeSpan.FromHours(1));
            await node.Owner().GetTokenAsync(default);
        }

        Assert.NotEmpty(world.Logs.Lines);
        Assert.DoesNotContain(grant.RefreshToken, world.Logs.All, StringComparison.Ordinal);
        Assert.DoesNotContain(access.Value, world.Logs.All, StringComparison.Ordinal);
        Assert.DoesNotContain("SENTINEL", world.Logs.All, StringComparison.Ordinal);
        Assert.DoesNotContain("<html", world.Logs.All, StringComparison.OrdinalIgnoreCase);
    }

    private static async Task AssertUnavailableAsync(CredentialWorld world, ValueTask<TokenOutcome> call)
    {
        var asked = call.AsTask();
        await world.AdvanceUntilAsync(() => asked.IsCompleted);
        Assert.IsType<TokenOutcome.Unavailable>(await asked);
    }
}
