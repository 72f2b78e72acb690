using Executor.Credentials;
using Executor.Sandbox.OAuth;
using Executor.Servers;
using Microsoft.Extensions.Logging;

namespace Executor.Tests.Credentials;

/// <summary>RFC 8707: the resource is sent where it is configured, and left out where the provider refuses it.</summary>
public sealed class ResourceTests
{
    private const string Resource = "https://mcp.example";

    [Theory]
    [InlineData("""{"error":"invalid_target"}""", "invalid_target")]
    [InlineData("""{"error":"invalid_target","error_codes":[9010010]}""", "AADSTS9010010")]
    [InlineData("""{"error":"invalid_request","error_description":"AADSTS901002: The 'resource' request parameter isn't supported."}""", "AADSTS901002")]
    [InlineData("""{"error":"invalid_request","error_description":"Unknown parameter: resource"}""", "invalid_target")]
    public async Task Refused_resource_is_left_out_at_once_and_for_a_day(string body, string code)
    {
        await using var world = await StartAsync();
        var node = world.Node();
        world.Sandbox.OAuth.SetFault(OAuthFault.Says(400, body) with { MeetsResourceOnly = true, Times = null });
        await world.DepositAsync(node);
        await world.DepositAsync(node, user: 8);

        Assert.True(await world.AcceptsAsync(await node.TokenAsync()));
        await node.TokenAsync(8); // another user's: the endpoint is known by now
        world.Time.Advance(TimeSpan.FromHours(23));
        await node.TokenAsync();
        world.Time.Advance(TimeSpan.FromHours(2));
        Assert.True(await world.AcceptsAsync(await node.TokenAsync()));

        Assert.Equal(
            [Resource, null, null, null, Resource, null],
            world.Sandbox.OAuth.Journal.Read().Select(request => request.Resource));
        Assert.Equal(0, world.Sandbox.OAuth.Counters.ReplaysOfSpentTokens);
        Assert.Equal(2, world.Logs.Lines.Count(line => line.Level == LogLevel.Warning && line.Text.Contains(code, StringComparison.Ordinal)));
    }

    [Fact]
    public async Task Refusal_to_one_client_takes_the_resource_from_no_other()
    {
        await using var world = await StartAsync();
        var node = world.Node();
        world.Sandbox.OAuth.SetFault(OAuthFault.Error("invalid_target"));
        var grant = world.Sandbox.OAuth.Mint(new MintGrant());
        await node.Owner(8).DepositAsync(world.DepositOf(grant.RefreshToken) with { ClientId = "of-user-8" }, default);
        await node.Owner(8).GetTokenAsync(default);
        await world.DepositAsync(node);

        await node.TokenAsync();

        Assert.Equal([Resource, null, Resource], world.Sandbox.OAuth.Journal.Read().Select(request => request.Resource));
    }

    [Fact]
    public async Task Refusal_to_one_user_takes_the_resource_from_no_other_until_a_refresh_without_it_is_granted()
    {
        await using var world = await StartAsync();
        var node = world.Node();
        world.Sandbox.OAuth.SetFault(OAuthFault.Says(400, """{"error":"invalid_target","error_codes":[500011]}""") with { Times = 2 });
        await world.DepositAsync(node);
        await world.DepositAsync(node, user: 8);
        await world.DepositAsync(node, user: 9);

        await node.Owner().GetTokenAsync(default); // refused with the resource, and without
        await node.TokenAsync(8);
        world.Time.Advance(TimeSpan.FromSeconds(2));
        await node.TokenAsync(); // granted without
        await node.TokenAsync(9);

        Assert.Equal([Resource, null, Resource, null, null], world.Sandbox.OAuth.Journal.Read().Select(request => request.Resource));
    }

    [Fact]
    public async Task Resource_that_is_accepted_is_sent_each_time()
    {
        await using var world = await StartAsync();
        var node = world.Node();
        await world.DepositAsync(node);
        await node.TokenAsync();
        world.Time.Advance(TimeSpan.FromHours(2));
        await node.TokenAsync();

        Assert.Equal([Resource, Resource], world.Sandbox.OAuth.Journal.Read().Select(request => request.Resource));
    }

    [Fact]
    public async Task Refused_without_a_resource_as_well_it_is_a_refusal_like_any_other()
    {
        await using var world = await StartAsync();
        var node = world.Node();
        world.Sandbox.OAuth.SetFault(OAuthFault.Error("invalid_target") with { Times = null });
        await world.DepositAsync(node);

        var outcome = Assert.IsType<TokenOutcome.Unavailable>(await node.Owner().GetTokenAsync(default));

        Assert.Equal("invalid_target", outcome.Reason.Word);
        Assert.Equal(2, world.Sandbox.OAuth.Counters.GrantRequests);
        Assert.Equal((CredentialState.Ready, 1), ((await world.RowAsync()).State, (await world.RowAsync()).Repeated!.Count));
    }

    private static async Task<CredentialWorld> StartAsync()
    {
        var world = await CredentialWorld.StartAsync();
        world.Catalog.OAuth2(CredentialWorld.Server, world.Sandbox.McpEndpoint, RefreshReplay.Strict, Resource);
        return world;
    }
}
