using Executor.Credentials;
using Executor.Sandbox.OAuth;
using Microsoft.Extensions.Logging;

namespace Executor.Tests.Credentials;

/// <summary>An outage of a token endpoint is told at its begin and at its end, however many credentials it meets.</summary>
public sealed class TokenEndpointOutageTests
{
    [Theory]
    [InlineData(503)]
    [InlineData(524)]
    public async Task Outage_is_told_once_for_all_users_and_servers_of_the_endpoint(int status)
    {
        await using var world = await CredentialWorld.StartAsync();
        var node = world.Node();
        world.Sandbox.OAuth.SetFault(OAuthFault.Busy(status) with { Times = null });
        for (var user = 1; user <= 3; user++)
        {
            await world.DepositAsync(node, user: user);
            await node.Owner(user).GetTokenAsync(default);
        }

        var told = Assert.Single(world.Logs.Lines, line => line.Text.Contains("is not available", StringComparison.Ordinal));
        Assert.Equal(LogLevel.Warning, told.Level);
        Assert.Contains(world.Sandbox.TokenEndpoint.GetLeftPart(UriPartial.Authority), told.Text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(200, "{answer}")]
    [InlineData(400, """{"error":"invalid_grant"}""")]
    [InlineData(400, """{"error":"invalid_scope"}""")]
    [InlineData(400, """{"error":"theirs"}""")]
    [InlineData(429, "")]
    [InlineData(200, "<html>log in</html>")]
    public async Task Outage_is_over_with_any_complete_answer(int status, string body)
    {
        await using var world = await CredentialWorld.StartAsync();
        var node = world.Node();
        world.Sandbox.OAuth.SetFault(OAuthFault.Busy(503));
        await world.DepositAsync(node);
        await node.Owner().GetTokenAsync(default);
        world.Time.Advance(TimeSpan.FromMinutes(6));
        world.Sandbox.OAuth.SetFault(OAuthFault.Says(status, body));

        await world.WaitAsync(node.Owner().GetTokenAsync(default));

        Assert.Single(world.Logs.Lines, line => line.Text.Contains("is available again", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Outage_of_one_endpoint_is_not_ended_by_another()
    {
        await using var world = await CredentialWorld.StartAsync();
        var node = world.Node();
        await node.Owner(8).DepositAsync(world.DepositOf("rt") with { TokenEndpoint = "http://127.0.0.1:9/token" }, default);
        await node.Owner(8).GetTokenAsync(default);
        world.Time.Advance(TimeSpan.FromMinutes(1));
        await world.DepositAsync(node);
        await node.TokenAsync();

        Assert.DoesNotContain("is available again", world.Logs.All, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Secrets_in_an_endpoints_address_are_not_told()
    {
        await using var world = await CredentialWorld.StartAsync();
        var node = world.Node();
        await node.Owner().DepositAsync(world.DepositOf("rt") with { TokenEndpoint = "http://127.0.0.1:9/hidden-part?key=hidden-part" }, default);

        Assert.IsType<TokenOutcome.Unavailable>(await node.Owner().GetTokenAsync(default));

        Assert.Contains("http://127.0.0.1:9 is not available", world.Logs.All, StringComparison.Ordinal);
        Assert.DoesNotContain("hidden-part", world.Logs.All, StringComparison.Ordinal);
    }
}
