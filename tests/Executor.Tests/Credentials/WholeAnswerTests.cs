using System.Net;
using System.Net.Sockets;
using System.Text;
using Executor.Credentials;
using Executor.Sandbox.OAuth;
using Executor.Servers;

namespace Executor.Tests.Credentials;

/// <summary>A strict provider gives its answer once. Whatever it is wrapped in, a grant that has arrived is kept.</summary>
public sealed class WholeAnswerTests
{
    public static TheoryData<string, OAuthFault> Grants => new()
    {
        { "gzip", OAuthFault.GrantAs() with { Coding = "gzip" } },
        { "gzip that nobody tells of", OAuthFault.GrantAs() with { Coding = "gzip", HidesCoding = true } },
        { "deflate", OAuthFault.GrantAs() with { Coding = "deflate" } },
        { "deflate without zlib", OAuthFault.GrantAs() with { Coding = "raw-deflate" } },
        { "brotli", OAuthFault.GrantAs() with { Coding = "br" } },
        { "BOM", OAuthFault.GrantAs() with { Charset = "utf-8" } },
        { "UTF-16", OAuthFault.GrantAs() with { Charset = "utf-16" } },
        { "UTF-16 BE", OAuthFault.GrantAs() with { Charset = "utf-16BE" } },
        { "201", OAuthFault.GrantAs() with { Status = 201 } },
        { "text/html", OAuthFault.GrantAs() with { ContentType = "text/html" } },
        { "no type", OAuthFault.GrantAs() with { ContentType = "" } },
        { "odd charset", OAuthFault.GrantAs() with { ContentType = "application/json; charset=\"utf8\"" } },
        { "whitespace", OAuthFault.GrantAs("\r\n\t {answer} \r\n\r\n") },
        { "something after it", OAuthFault.GrantAs("{answer}\n<!-- cached -->") },
        { "empty error", OAuthFault.GrantAs(Members("\"error\":\"\"")) },
        { "null error", OAuthFault.GrantAs(Members("\"error\":null,\"errors\":[]")) },
        { "false error", OAuthFault.GrantAs(Members("\"error\":false,\"ok\":true,\"code\":0")) },
        { "status beside it", OAuthFault.GrantAs(Members("\"status\":200,\"message\":\"success\",\"code\":\"ok\"")) },
        { "odd token_type", OAuthFault.GrantAs(Members("\"token_type\":\"BEARER\"")) },
        { "fractions of seconds", OAuthFault.GrantAs(Members("\"expires_in\":\"3599.7\"")) },
        { "a negative lifetime", OAuthFault.GrantAs(Members("\"expires_in\":-1")) },
        { "a huge lifetime", OAuthFault.GrantAs(Members("\"expires_in\":1e400")) },
        { "half a surrogate pair elsewhere", OAuthFault.GrantAs(Members("\"user\":\"\\ud83d\",\"\\ud83d\":1,\"scope\":\"\\ud800\"")) },
        { "members twice", OAuthFault.GrantAs(Members("\"access_token\":\"{access_token}\",\"scope\":\"a\",\"scope\":\"b\"")) },
        { "deep nesting elsewhere", OAuthFault.GrantAs(Members($"\"claims\":{new string('[', 200)}{new string(']', 200)}")) },
        { "trailing comma", OAuthFault.GrantAs("""{"access_token":"{access_token}","refresh_token":"{refresh_token}",}""") },
        { "form", OAuthFault.GrantAs("access_token={access_token}&refresh_token={refresh_token}&expires_in=3600&scope=a%20b&token_type=bearer")
            with { ContentType = "application/x-www-form-urlencoded" } },
        { "wrapped in data", OAuthFault.GrantAs("""{"code":0,"msg":"success","data":{answer}}""") },
        { "100 KiB beside it", OAuthFault.GrantAs(Members($"\"id_token\":\"{new string('x', 100 * 1024)}\"")) },
    };

    [Theory]
    [MemberData(nameof(Grants))]
    public async Task Grant_is_kept_whatever_it_is_wrapped_in(string name, OAuthFault answer)
    {
        Assert.NotEmpty(name);
        await using var world = await CredentialWorld.StartAsync();
        var node = world.Node();
        world.Sandbox.OAuth.SetFault(answer);
        await world.DepositAsync(node);

        Assert.True(await world.AcceptsAsync(await node.TokenAsync()));

        // Its refresh token was kept as well.
        world.Time.Advance(TimeSpan.FromDays(31));
        Assert.True(await world.AcceptsAsync(await node.TokenAsync()));
        Assert.Equal((2, 0), (world.Sandbox.OAuth.Counters.GrantRequests, world.Sandbox.OAuth.Counters.ReplaysOfSpentTokens));
    }

    [Theory]
    [InlineData("\"refresh_token\":\"\"")]
    [InlineData("\"refresh_token\":null")]
    [InlineData("\"refresh_token\":false")]
    public async Task Answer_with_an_empty_refresh_token_keeps_the_current_one(string member)
    {
        await using var world = await CredentialWorld.StartAsync();
        var node = world.Node();
        world.Sandbox.OAuth.SetFault(OAuthFault.GrantAs($$"""{"access_token":"{access_token}",{{member}}}"""));
        await world.DepositAsync(node);

        Assert.True(await world.AcceptsAsync(await node.TokenAsync()));
        Assert.Equal(CredentialState.Ready, (await world.RowAsync()).State);
    }

    [Theory]
    [InlineData("gzip")]
    [InlineData("br")]
    [InlineData("deflate")]
    public async Task Small_answer_that_grows_huge_is_not_read_to_its_end(string coding)
    {
        await using var world = await CredentialWorld.StartAsync();
        var node = world.Node();
        world.Sandbox.OAuth.SetFault(OAuthFault.GrantAs(Members($"\"padding\":\"{new string('x', 64 * 1024 * 1024)}\"")) with { Coding = coding });
        await world.DepositAsync(node);

        Assert.IsType<TokenOutcome.Unavailable>(await node.Owner().GetTokenAsync(default));
        Assert.Equal(CredentialState.Unresolved, (await world.RowAsync()).State);
    }

    [Theory]
    [InlineData("Content-Length: 5000\r\n\r\n{0}", true)] // cut off after the grant
    [InlineData("\r\n{0}", true)]
    [InlineData("Content-Length: 5000\r\n\r\naccess_token=at-1&refresh_token=rt-1", false)] // perhaps only half of a token
    [InlineData("\r\naccess_token=at-1&refresh_token=rt-1", false)]
    public async Task Answer_that_breaks_off_is_a_grant_when_the_grant_is_whole(string answer, bool isGrant)
    {
        await using var world = await CredentialWorld.StartAsync();
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var text = answer.Replace("{0}", """{"access_token":"at-1","refresh_token":"rt-1","expires_in":3600}""", StringComparison.Ordinal);
        var serving = ServeOnceAsync(listener, $"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\n{text}");
        var node = world.Node();
        var endpoint = $"http://127.0.0.1:{((IPEndPoint)listener.LocalEndpoint).Port}/token";
        await node.Owner().DepositAsync(world.DepositOf("rt-0") with { TokenEndpoint = endpoint }, default);

        var outcome = await node.Owner().GetTokenAsync(default);

        await serving;
        Assert.Equal(isGrant, outcome is TokenOutcome.Issued { Token.Value: "at-1" });
    }

    [Fact]
    public async Task Request_says_who_it_is_and_asks_for_no_compression()
    {
        await using var world = await CredentialWorld.StartAsync();
        var node = world.Node();
        await world.DepositAsync(node);
        await node.TokenAsync();
        world.Catalog.Add(world.Catalog.Find(CredentialWorld.Server)! with { UserAgent = "Picky/1.0 (a; b)" });
        world.Time.Advance(TimeSpan.FromHours(2));
        await node.TokenAsync();

        var requests = world.Sandbox.OAuth.Journal.Read();
        Assert.Equal([UserAgents.Default, "Picky/1.0 (a; b)"], requests.Select(request => request.UserAgent));
        Assert.All(requests, request => Assert.Equal("identity", request.AcceptEncoding));
    }

    private static string Members(string more) =>
        $$"""{"access_token":"{access_token}","refresh_token":"{refresh_token}","token_type":"Bearer",{{more}}}""";

    private static async Task ServeOnceAsync(TcpListener listener, string answer)
    {
        using var client = await listener.AcceptTcpClientAsync();
        await using var stream = client.GetStream();
        var buffer = new byte[16 * 1024];
        var read = 0;
        while (!Encoding.ASCII.GetString(buffer, 0, read).Contains("refresh_token=rt-0", StringComparison.Ordinal))
            read += await stream.ReadAsync(buffer.AsMemory(read));
        await stream.WriteAsync(Encoding.ASCII.GetBytes(answer));
    }
}
