using System.Net;
using System.Net.Http.Headers;
using Executor.Sandbox;
using Executor.Sandbox.Mcp;

namespace Executor.Tests.Sandbox;

public sealed class BearerTests : SandboxTest
{
    [Fact]
    public async Task Missing_and_expired_tokens_are_challenged_as_rfc_6750_says()
    {
        var grant = Host.OAuth.Mint();

        using var missing = await PostAsync(Host, bearer: null);
        Time.Advance(TimeSpan.FromHours(1));
        using var expired = await PostAsync(Host, grant.AccessToken);

        Assert.Equal((HttpStatusCode.Unauthorized, HttpStatusCode.Unauthorized), (missing.StatusCode, expired.StatusCode));
        Assert.DoesNotContain("error", missing.Headers.WwwAuthenticate.ToString(), StringComparison.Ordinal);
        Assert.Contains("error=\"invalid_token\"", expired.Headers.WwwAuthenticate.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("right", HttpStatusCode.Accepted)]
    [InlineData("wrong", HttpStatusCode.Unauthorized)]
    public async Task Static_bearer_is_compared(string bearer, HttpStatusCode status)
    {
        await using var host = await SandboxHost.StartAsync(new SandboxOptions { McpAuth = McpAuth.StaticBearer, StaticBearer = "right" });
        using var response = await PostAsync(host, bearer);
        Assert.Equal(status, response.StatusCode);
    }

    [Fact]
    public async Task Without_auth_any_caller_is_admitted()
    {
        await using var host = await SandboxHost.StartAsync(new SandboxOptions { McpAuth = McpAuth.None });
        using var response = await PostAsync(host, bearer: null);
        Assert.Equal(HttpStatusCode.Accepted, response.StatusCode);
    }

    [Fact]
    public async Task Revoked_refresh_token_takes_its_grant_with_it()
    {
        var grant = Host.OAuth.Mint();
        using var http = new HttpClient();
        using var form = new FormUrlEncodedContent(
            new Dictionary<string, string>(StringComparer.Ordinal) { ["token"] = grant.RefreshToken, ["client_id"] = "sandbox-client" });

        using var revoked = await http.PostAsync(Host.RevocationEndpoint, form);

        Assert.Equal(HttpStatusCode.OK, revoked.StatusCode);
        Assert.Null(Host.OAuth.UseAccessToken(grant.AccessToken));
        Assert.Equal("invalid_grant", (await Client.RefreshAsync(grant.RefreshToken)).Error);
    }

    private static async Task<HttpResponseMessage> PostAsync(SandboxHost host, string? bearer)
    {
        using var http = new HttpClient();
        using var request = new HttpRequestMessage(HttpMethod.Post, host.McpEndpoint);
        if (bearer is not null)
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", bearer);
        request.Content = new StringContent("""{"jsonrpc":"2.0","method":"notifications/progress"}""");
        return await http.SendAsync(request);
    }
}
