using Executor.Credentials;
using Executor.Sandbox.OAuth;
using Microsoft.Extensions.Logging;

namespace Executor.Tests.Credentials;

/// <summary>What is refused in the same way again and again does not pass by itself, and nobody waits for it in the dark.</summary>
public sealed class EscalationTests
{
    private const string Unknown = """{"error":"SENTINEL_of_theirs","error_description":"SENTINEL"}""";

    public static TheoryData<int, string, string> Refusals => new()
    {
        { 400, """{"error":"invalid_scope"}""", "invalid_scope" },
        { 400, """{"error":"invalid_request","error_description":"no such parameter"}""", "invalid_request" },
        { 400, Unknown, "other" },
        { 200, Unknown, "other" },
        { 200, """{"ok":false}""", "other" },
        { 404, """{"status":404,"message":"no such thing"}""", "other" },
    };

    [Theory]
    [MemberData(nameof(Refusals))]
    public async Task Same_refusal_three_times_in_a_minute_is_an_operators_error_and_tried_again_within_the_hour(int status, string body, string code)
    {
        await using var world = await CredentialWorld.StartAsync();
        var node = world.Node();
        world.Sandbox.OAuth.SetFault(OAuthFault.Says(status, body) with { Times = null });
        await world.DepositAsync(node);
        var begun = world.Time.GetUtcNow();

        var first = Assert.IsType<TokenOutcome.Unavailable>(await node.Owner().GetTokenAsync(default));
        Assert.Equal(code, first.Reason.Word);
        await AskUntilAsync(world, node, CredentialState.OperatorError);

        Assert.InRange(world.Time.GetUtcNow() - begun, TimeSpan.FromMinutes(1), TimeSpan.FromMinutes(2));
        Assert.Equal(3, world.Sandbox.OAuth.Counters.GrantRequests);
        var row = await world.RowAsync();
        Assert.Equal((CredentialReason.RefusedRepeatedly, code), (row.Reason, row.WaitsFor!.Value.Word));
        Assert.Equal(CredentialState.OperatorError, Assert.IsType<TokenOutcome.NeedsReauth>(await node.Owner().GetTokenAsync(default)).Seen.State);
        Assert.Single(world.Logs.Lines, line => line.Level == LogLevel.Error && line.Text.Contains(code, StringComparison.Ordinal));
        Assert.Single(world.Logs.Lines, line => line.Level == LogLevel.Warning && line.Text.Contains(code, StringComparison.Ordinal));
        Assert.DoesNotContain("SENTINEL", world.Logs.All, StringComparison.Ordinal);

        world.Sandbox.OAuth.ClearFaults();
        world.Time.Advance(TimeSpan.FromMinutes(30));
        await node.Recovery.SweepAsync(default);
        Assert.Equal(3, world.Sandbox.OAuth.Counters.GrantRequests);
        world.Time.Advance(TimeSpan.FromMinutes(31));
        await node.Recovery.SweepAsync(default);
        Assert.True(await world.AcceptsAsync(await node.TokenAsync()));
    }

    [Theory]
    [InlineData(403, "<html>a firewall</html>", "other")]
    [InlineData(404, "", "other")]
    [InlineData(301, "", "other")]
    [InlineData(200, "<html>log in</html>", "unreadable-answer")]
    [InlineData(200, "{}", "unreadable-answer")]
    public async Task Answer_without_a_code_is_an_operators_error_only_after_an_hour_of_it(int status, string body, string code)
    {
        await using var world = await CredentialWorld.StartAsync();
        var node = world.Node();
        world.Sandbox.OAuth.SetFault(OAuthFault.Says(status, body) with { Times = null });
        await world.DepositAsync(node);
        var begun = world.Time.GetUtcNow();

        await world.AdvanceUntilAsync(
            async () =>
            {
                await node.Owner().GetTokenAsync(default);
                return (await world.RowAsync()).State == CredentialState.OperatorError;
            },
            TimeSpan.FromSeconds(61));

        Assert.InRange(world.Time.GetUtcNow() - begun, TimeSpan.FromMinutes(60), TimeSpan.FromMinutes(70));
        Assert.InRange(world.Sandbox.OAuth.Counters.GrantRequests, 12, 30);
        Assert.Equal((CredentialReason.RefusedRepeatedly, code), ((await world.RowAsync()).Reason, (await world.RowAsync()).WaitsFor!.Value.Word));

        world.Sandbox.OAuth.ClearFaults();
        world.Time.Advance(TimeSpan.FromMinutes(61));
        await node.Recovery.SweepAsync(default);
        Assert.True(await world.AcceptsAsync(await node.TokenAsync()));
    }

    [Fact]
    public async Task Refusal_that_goes_on_after_it_is_told_costs_one_request_an_hour_and_wakes_nobody()
    {
        await using var world = await CredentialWorld.StartAsync();
        var node = world.Node();
        world.Sandbox.OAuth.SetFault(OAuthFault.Error("invalid_scope") with { Times = null });
        await world.DepositAsync(node);
        await AskUntilAsync(world, node, CredentialState.OperatorError);

        for (var hour = 0; hour < 5; hour++)
        {
            world.Time.Advance(TimeSpan.FromHours(1));
            await node.Recovery.SweepAsync(default);
            Assert.Equal(CredentialState.OperatorError, (await world.RowAsync()).State);
        }

        Assert.Equal(3 + 5, world.Sandbox.OAuth.Counters.GrantRequests);
        Assert.Single(world.Logs.Lines, line => line.Level == LogLevel.Error);
    }

    [Fact]
    public async Task Another_refusal_in_between_starts_the_count_again()
    {
        await using var world = await CredentialWorld.StartAsync();
        var node = world.Node();
        await world.DepositAsync(node);
        for (var n = 0; n < 8; n++)
        {
            world.Sandbox.OAuth.SetFault(OAuthFault.Error(n % 3 == 2 ? "invalid_request" : "invalid_scope"));
            await node.Owner().GetTokenAsync(default);
            world.Time.Advance(TimeSpan.FromMinutes(6));
        }

        Assert.Equal(8, world.Sandbox.OAuth.Counters.GrantRequests);
        Assert.Equal(CredentialState.Ready, (await world.RowAsync()).State);
        Assert.True(await world.AcceptsAsync(await node.TokenAsync()));
        Assert.Null((await world.RowAsync()).Repeated);
    }

    [Theory]
    [InlineData(503, "token-endpoint-error", true)]
    [InlineData(524, "token-endpoint-error", true)]
    [InlineData(429, "rate-limited", false)]
    public async Task What_may_pass_is_told_and_never_an_operators_error(int status, string reason, bool isOutage)
    {
        await using var world = await CredentialWorld.StartAsync();
        var node = world.Node();
        world.Sandbox.OAuth.SetFault(OAuthFault.Busy(status) with { Times = null });
        await world.DepositAsync(node);

        for (var n = 0; n < 20; n++)
        {
            Assert.Equal(reason, Assert.IsType<TokenOutcome.Unavailable>(await node.Owner().GetTokenAsync(default)).Reason.Word);
            world.Time.Advance(TimeSpan.FromMinutes(6));
        }

        // Once for the credential, and once for the endpoint.
        var warnings = world.Logs.Lines.Where(line => line.Level == LogLevel.Warning).ToList();
        Assert.Equal(isOutage ? 2 : 1, warnings.Count);
        Assert.Equal(isOutage, warnings.Exists(line => line.Text.Contains("The token endpoint of", StringComparison.Ordinal)));

        world.Sandbox.OAuth.ClearFaults();
        Assert.True(await world.AcceptsAsync(await node.TokenAsync()));

        // A first success may stand beside failures: the second one, later, ends the outage.
        world.Time.Advance(TimeSpan.FromSeconds(10));
        await world.DepositAsync(node, user: 8);
        Assert.IsType<TokenOutcome.Issued>(await node.Owner(8).GetTokenAsync(default));
        Assert.Equal(isOutage ? 1 : 0, world.Logs.Lines.Count(line => line.Text.Contains("is available again", StringComparison.Ordinal)));
    }

    [Theory]
    [InlineData(400, """{"error":"server_error"}""", null)]
    [InlineData(200, """{"ok":false,"error":"fatal_error"}""", null)]
    [InlineData(403, """{"message":"You have exceeded a secondary rate limit."}""", null)]
    [InlineData(403, """{"message":"No."}""", "60")]
    [InlineData(400, """{"error":"invalid_scope"}""", "60")]
    public async Task Refusal_that_says_that_it_passes_is_never_an_operators_error(int status, string body, string? retryAfter)
    {
        await using var world = await CredentialWorld.StartAsync();
        var node = world.Node();
        world.Sandbox.OAuth.SetFault(OAuthFault.Says(status, body) with { RetryAfter = retryAfter, Times = null });
        await world.DepositAsync(node);

        for (var n = 0; n < 20; n++)
        {
            Assert.IsType<TokenOutcome.Unavailable>(await node.Owner().GetTokenAsync(default));
            world.Time.Advance(TimeSpan.FromMinutes(6));
        }

        Assert.Equal(20, world.Sandbox.OAuth.Counters.GrantRequests);
        world.Sandbox.OAuth.ClearFaults();
        Assert.True(await world.AcceptsAsync(await node.TokenAsync()));
    }

    [Fact]
    public async Task Unreachable_and_silent_endpoints_are_told_apart()
    {
        await using var world = await CredentialWorld.StartAsync();
        var node = world.Node();
        await node.Owner().DepositAsync(world.DepositOf("rt") with { TokenEndpoint = "http://127.0.0.1:9/token" }, default);
        Assert.Equal(BlockedReason.Unreachable, Assert.IsType<TokenOutcome.Unavailable>(await node.Owner().GetTokenAsync(default)).Reason);

        world.Sandbox.OAuth.SetFault(OAuthFault.DropBeforeSpending());
        await world.DepositAsync(node, user: 8);
        Assert.Equal(BlockedReason.NoAnswer, Assert.IsType<TokenOutcome.Unavailable>(await node.Owner(8).GetTokenAsync(default)).Reason);
    }

    [Theory]
    [InlineData("invalid_scope")]
    [InlineData("invalid_client")]
    public async Task Unexpired_token_is_served_beside_an_operators_error(string code)
    {
        await using var world = await CredentialWorld.StartAsync();
        var node = world.Node();
        await world.DepositAsync(node);
        var token = await node.TokenAsync();
        world.Sandbox.OAuth.SetFault(OAuthFault.Error(code) with { Times = null });
        world.Time.Advance(TimeSpan.FromMinutes(57));
        await world.AdvanceUntilAsync(
            async () =>
            {
                Assert.Equal(token, await node.TokenAsync());
                await node.IdleAsync();
                return (await world.RowAsync()).State == CredentialState.OperatorError;
            },
            TimeSpan.FromSeconds(5));

        Assert.Equal(token, await node.TokenAsync());
        var rejected = Assert.IsType<TokenOutcome.NeedsReauth>(
            await node.Duplicate().TokenRejectedAsync(new Rejection((await world.RowAsync()).Generation), default));
        Assert.Equal(CredentialState.OperatorError, rejected.Seen.State);
        world.Time.Advance(TimeSpan.FromMinutes(4));
        Assert.IsType<TokenOutcome.NeedsReauth>(await node.Owner().GetTokenAsync(default));
        Assert.Single(world.Logs.Lines, line => line.Level == LogLevel.Error);
    }

    [Fact]
    public async Task Deposit_ends_an_escalation()
    {
        await using var world = await CredentialWorld.StartAsync();
        var node = world.Node();
        world.Sandbox.OAuth.SetFault(OAuthFault.Error("invalid_scope") with { Times = null });
        var grant = await world.DepositAsync(node);
        await AskUntilAsync(world, node, CredentialState.OperatorError);
        world.Sandbox.OAuth.ClearFaults();

        await node.Owner().DepositAsync(world.DepositOf(grant.RefreshToken), default);

        Assert.True(await world.AcceptsAsync(await node.TokenAsync()));
        var row = await world.RowAsync();
        Assert.Equal((null, null), (row.WaitsFor, row.Repeated));
    }

    [Fact]
    public async Task Operators_error_is_told_although_nobody_asks_for_the_token()
    {
        await using var world = await CredentialWorld.StartAsync();
        var node = world.Node();
        world.Sandbox.OAuth.SetFault(OAuthFault.Says(400, Unknown) with { Times = null });
        await world.DepositAsync(node);
        await node.Owner().GetTokenAsync(default);

        await world.AdvanceUntilAsync(async () =>
        {
            await node.Recovery.SweepAsync(default);
            return (await world.RowAsync()).State == CredentialState.OperatorError;
        });
        await node.IdleAsync();

        Assert.Single(world.Logs.Lines, line => line.Level == LogLevel.Error);
        await node.Owner().GetTokenAsync(default);
        Assert.Single(world.Logs.Lines, line => line.Level == LogLevel.Error);
    }

    [Fact]
    public async Task Operators_error_of_a_new_registration_is_told_as_well()
    {
        await using var world = await CredentialWorld.StartAsync();
        var node = world.Node();
        world.Sandbox.OAuth.SetFault(OAuthFault.Error("invalid_client", 401) with { Times = null });
        var grant = await world.DepositAsync(node);
        await node.Owner().GetTokenAsync(default);
        await node.Owner().GetTokenAsync(default);
        Assert.Single(world.Logs.Lines, line => line.Level == LogLevel.Error);
        world.Time.Advance(TimeSpan.FromHours(1));
        await node.Recovery.SweepAsync(default);
        Assert.Single(world.Logs.Lines, line => line.Level == LogLevel.Error); // tried again, and the same

        await node.Owner().DepositAsync(world.DepositOf(grant.RefreshToken) with { ClientId = "another" }, default);
        await node.Owner().GetTokenAsync(default);

        Assert.Equal(2, world.Logs.Lines.Count(line => line.Level == LogLevel.Error));
    }

    private static Task AskUntilAsync(CredentialWorld world, TestNode node, CredentialState state) => world.AdvanceUntilAsync(async () =>
    {
        await node.Owner().GetTokenAsync(default);
        return (await world.RowAsync()).State == state;
    });
}
