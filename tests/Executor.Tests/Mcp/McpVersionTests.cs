using Executor.Credentials;
using Executor.Servers;

namespace Executor.Tests.Mcp;

/// <summary>Which version a server speaks, by how it turns away the method of another.</summary>
public sealed class McpVersionTests
{
    private static readonly AccessToken Token = new("token");

    private static readonly Dictionary<string, ServerAnswer> Answers = new(StringComparer.Ordinal)
    {
        ["400"] = new(400),
        ["401 and JSON-RPC"] = ServerAnswer.Error(-32600, "Unauthorized", 401),
        ["401, JSON-RPC and a null id"] = new(401, """{"jsonrpc":"2.0","id":null,"error":{"code":-32000,"message":"sentinel"}}"""),
        ["403 and JSON-RPC"] = ServerAnswer.Error(-32601, status: 403),
        ["404"] = new(404),
        ["405"] = new(405),
        ["406"] = new(406),
        ["410"] = new(410),
        ["415"] = new(415),
        ["422"] = new(422, "Unexpected message, expect initialize request", "text/plain"),
        ["426"] = new(426),
        ["500 and JSON-RPC"] = ServerAnswer.Error(-32603, status: 500),
        ["501"] = new(501),
        ["200 and -32601"] = ServerAnswer.Error(-32601),
        ["200 and words about the session header"] = ServerAnswer.Error(-32600, "Bad Request: Mcp-Session-Id header is required"),
        ["400 and words about the session header"] = ServerAnswer.Error(-32600, "Bad Request: Mcp-Session-Id header is required", 400),
        ["200 and a page"] = new(200, "<html></html>", "text/html"),
        ["200 and nothing"] = new(200),
        ["202"] = new(202),
        ["200 and an empty result"] = ServerAnswer.Result("{}"),
    };

    public static TheoryData<string> Names => new(Answers.Keys);

    [Theory]
    [MemberData(nameof(Names))]
    public async Task Server_that_turns_the_new_method_away_is_asked_for_the_older_handshake(string answer)
    {
        await using var server = await HandshakeServer.StartAsync();
        await using var mcp = new McpHarness();
        server.UnknownMethod = Answers[answer];

        await mcp.CallAsync(McpHarness.Server(server.Url), Token, McpHarness.Call("any"));
        await mcp.CallAsync(McpHarness.Server(server.Url), Token, McpHarness.Call("any"), user: 2);

        Assert.Equal(1, server.CountOf("server/discover"));
        Assert.Equal(2, server.Opened);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Token_that_the_older_handshake_is_refused_with_as_well_is_unauthorized(bool inJsonRpc)
    {
        await using var server = await HandshakeServer.StartAsync();
        await using var mcp = new McpHarness();
        server.Gate = (_, _) => inJsonRpc ? ServerAnswer.Error(-32000, "Unauthorized", 401) : new ServerAnswer(401);

        var outcome = await mcp.Gateway.CallToolAsync(
            McpHarness.User(1), McpHarness.Server(server.Url), Token, McpHarness.Call("any"), CancellationToken.None);

        Assert.IsType<McpOutcome<McpToolResult>.Unauthorized>(outcome);
        Assert.Equal(inJsonRpc ? 1 : 0, server.CountOf("initialize"));
    }

    [Theory]
    [InlineData(429)]
    [InlineData(503)]
    public async Task Server_that_is_busy_says_nothing_of_its_version(int status)
    {
        await using var server = await HandshakeServer.StartAsync();
        await using var mcp = new McpHarness();
        server.UnknownMethod = new ServerAnswer(status) { Headers = [("Retry-After", "3")] };

        var failure = await mcp.FailAsync(McpHarness.Server(server.Url), Token, McpHarness.Call("any"));

        Assert.Equal((McpFailureCodes.HttpError, McpEffect.None), (failure.Code, failure.Effect));
        Assert.Equal(status == 429 ? TimeSpan.FromSeconds(3) : null, failure.RetryAfter);
        Assert.Equal(0, server.Opened);
    }

    [Theory]
    [InlineData(429, 1)]
    [InlineData(500, 1)]
    [InlineData(503, 1)]
    [InlineData(400, 2)]
    public async Task Server_that_is_busy_is_not_asked_for_another_version_at_once(int status, int asked)
    {
        await using var server = await HandshakeServer.StartAsync();
        await using var mcp = new McpHarness();
        var target = McpHarness.Server(server.Url);
        await mcp.CallAsync(target, Token, McpHarness.Call("any"));
        server.Gate = (_, _) => new ServerAnswer(status);
        var before = server.Methods.Count;

        var failure = await mcp.FailAsync(target, Token, McpHarness.Call("any"), user: 2);

        Assert.Equal(McpEffect.None, failure.Effect);
        Assert.Equal(asked, server.Methods.Skip(before).Count(method => method is "initialize" or "server/discover") > 1 ? 2 : 1);
        server.Gate = (_, _) => null;
        await mcp.CallAsync(target, Token, McpHarness.Call("any"), user: 2);
    }

    [Theory]
    [MemberData(nameof(Names))]
    public async Task Server_taken_back_to_an_older_version_is_negotiated_with_anew_and_runs_the_call_once(string answer)
    {
        await using var server = await HandshakeServer.StartAsync();
        await using var mcp = new McpHarness();
        var target = McpHarness.Server(server.Url);
        server.IsStateless = true;
        await mcp.CallAsync(target, Token, McpHarness.Call("any"));
        server.IsStateless = false;
        server.UnknownMethod = Answers[answer];
        server.UnknownSession = new ServerAnswer(400, "Bad Request: No valid session ID provided", "text/plain");

        await mcp.CallAsync(target, Token, McpHarness.Call("any"));
        await mcp.CallAsync(target, Token, McpHarness.Call("any"), user: 2);

        Assert.Equal(3, server.Runs);
    }

    [Theory]
    [InlineData(400, "Bad Request: No valid session ID provided")]
    [InlineData(422, "Payment captured, but the checkout session has expired")]
    [InlineData(408, "Request timed out: the upstream session did not respond")]
    [InlineData(499, "client session closed")]
    public async Task Words_about_a_session_from_a_server_without_sessions_repeat_no_call(int status, string words)
    {
        await using var server = await HandshakeServer.StartAsync();
        await using var mcp = new McpHarness();
        var target = McpHarness.Server(server.Url);
        server.IsStateless = true;
        await mcp.CallAsync(target, Token, McpHarness.Call("any"));
        server.Calls.Enqueue(new ServerAnswer(status, words, "text/plain"));

        foreach (var user in new[] { 1, 2 })
        {
            var failure = await mcp.FailAsync(target, Token, McpHarness.Call("any"), user);

            Assert.Equal(status is 408 or 499 ? McpEffect.Unknown : McpEffect.Settled, failure.Effect);
            Assert.Equal(1 + user, server.Runs);
        }
    }

    [Theory]
    [InlineData(400)]
    [InlineData(405)]
    [InlineData(406)]
    [InlineData(422)]
    public async Task Remembered_version_that_is_refused_is_negotiated_anew(int status)
    {
        await using var server = await HandshakeServer.StartAsync();
        await using var mcp = new McpHarness();
        var target = McpHarness.Server(server.Url);
        server.IsStateless = true;
        await mcp.CallAsync(target, Token, McpHarness.Call("any"));
        server.IsStateless = false;
        server.UnknownMethod = server.UnknownSession = new ServerAnswer(status);

        await mcp.CallAsync(target, Token, McpHarness.Call("any"), user: 2);

        Assert.Equal(2, server.Runs);
    }

    [Fact]
    public async Task Refusal_of_a_call_in_a_version_that_is_only_remembered_runs_it_once()
    {
        await using var server = await HandshakeServer.StartAsync();
        await using var mcp = new McpHarness();
        var target = McpHarness.Server(server.Url);
        server.IsStateless = true;
        await mcp.CallAsync(target, Token, McpHarness.Call("any"));
        server.Calls.Enqueue(new ServerAnswer(400, """{"error":"sentinel"}"""));

        var failure = await mcp.FailAsync(target, Token, McpHarness.Call("any"), user: 2);

        Assert.Equal((McpFailureCodes.HttpError, McpEffect.Settled), (failure.Code, failure.Effect));
        Assert.Equal("The MCP server answered with HTTP 400.", failure.Message);
        Assert.Equal(2, server.Runs);
    }

    [Fact]
    public async Task Capability_that_a_server_needs_is_no_refused_version()
    {
        await using var server = await HandshakeServer.StartAsync();
        await using var mcp = new McpHarness();
        server.UnknownMethod = new ServerAnswer(400, """{"jsonrpc":"2.0","id":{id},"error":{"code":-32021,"message":"x","data":{"requiredCapabilities":{"elicitation":{}}}}}""");

        var failure = await mcp.FailAsync(McpHarness.Server(server.Url), Token, McpHarness.Call("any"));

        Assert.Equal(McpFailureCodes.ProtocolError, failure.Code);
        Assert.Equal("The MCP server needs something of its client that Executor does not offer: elicitation.", failure.Message);
    }

    [Fact]
    public async Task Request_ids_fit_in_32_bits()
    {
        var ids = new System.Collections.Concurrent.ConcurrentQueue<string>();
        await using var server = await HandshakeServer.StartAsync();
        await using var mcp = new McpHarness();
        server.Gate = (_, message) =>
        {
            if (message["id"] is { } id)
                ids.Enqueue(id.ToJsonString());
            return null;
        };

        await mcp.CallAsync(McpHarness.Server(server.Url), Token, McpHarness.Call("any"));
        await mcp.ListAsync(McpHarness.Server(server.Url), Token);

        Assert.All(ids, id => Assert.InRange(long.Parse(id, System.Globalization.CultureInfo.InvariantCulture), 0, int.MaxValue));
        Assert.Equal(ids.Count, ids.Distinct(StringComparer.Ordinal).Count());
    }
}
