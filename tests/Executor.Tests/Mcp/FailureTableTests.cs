using Executor.Credentials;
using Executor.Mcp.Calls;
using Executor.Servers;

namespace Executor.Tests.Mcp;

/// <summary>Every row of the table, by an answer of a real server to a call on a session.</summary>
public sealed class FailureTableTests
{
    private const string ScopeChallenge = "Bearer error=\"insufficient_scope\", scope=\"files:read files:write\"";

    private static readonly AccessToken Token = new("token");

    /// <summary>By name: the row, what the server answers the first call with, how often it reached the tool, and what is told; null is success.</summary>
    private static readonly Dictionary<string, (string Row, ServerAnswer Answer, int Runs, McpEffect? Effect, string? Says)> Cases = new(StringComparer.Ordinal)
    {
        ["aborted"] = ("connection lost", new ServerAnswer(200) { Abort = true }, 1, McpEffect.Unknown, "lost"),
        ["202 without a body"] = ("answer without a reply", new ServerAnswer(202), 1, McpEffect.Unknown, null),
        ["204"] = ("answer without a reply", new ServerAnswer(204), 1, McpEffect.Unknown, null),
        ["200 and a page"] = ("answer without a reply", new ServerAnswer(200, "<html>sentinel</html>", "text/html"), 1, McpEffect.Unknown, null),
        ["reply to another request"] = ("answer without a reply", new ServerAnswer(200, """{"jsonrpc":"2.0","id":1,"result":{}}"""), 1, McpEffect.Unknown, null),
        ["too large"] = ("answer too large", ServerAnswer.Result($$"""{"content":[],"x":"{{new string('x', 5 * 1024 * 1024)}}"}"""), 1, McpEffect.Settled, null),
        ["result that is a list"] = ("result of another kind", ServerAnswer.Result("[1]"), 1, McpEffect.Settled, null),
        ["404"] = ("404 or 410 to a session", new ServerAnswer(404), 2, McpEffect.None, "404"),
        ["410"] = ("404 or 410 to a session", new ServerAnswer(410), 2, McpEffect.None, "410"),
        ["-32603 with a 404 to a session"] = ("any other error", ServerAnswer.Error(-32603, status: 404), 1, McpEffect.Settled, "-32603"),
        ["-32603 with a 410 to a session"] = ("any other error", ServerAnswer.Error(-32603, status: 410), 1, McpEffect.Settled, "-32603"),
        ["code of the server's own with a 404, the session lives"] = ("any other error", ServerAnswer.Error(-32004, status: 404), 1, McpEffect.Settled, "-32004"),
        ["400 session, in JSON-RPC, the session lives"] = ("any other error", ServerAnswer.Error(-32000, "Bad Request: No valid session ID provided", 400), 1, McpEffect.Settled, "-32000"),
        ["400 session, in words, the session lives"] = ("any other 4xx", new ServerAnswer(400, "Invalid session ID", "text/plain"), 1, McpEffect.Settled, "400"),
        ["400 session, JSON, the session lives"] = ("any other 4xx", new ServerAnswer(400, """{"error":"Session not found or expired"}"""), 1, McpEffect.Settled, "400"),
        ["401 session, the session lives"] = ("401", new ServerAnswer(401, "Unauthorized: Session not found", "text/plain"), 1, null, "unauthorized"),
        ["408 session"] = ("408, 499", new ServerAnswer(408, "Request timed out: the upstream session did not respond", "text/plain"), 1, McpEffect.Unknown, "408"),
        ["499 session"] = ("408, 499", new ServerAnswer(499, "client session closed", "text/plain"), 1, McpEffect.Unknown, "499"),
        ["422 a tool's own session"] = ("any other 4xx", new ServerAnswer(422, "Payment captured, but the checkout session has expired", "text/plain"), 1, McpEffect.Settled, "422"),
        ["422 handshake, the session lives"] = ("any other 4xx", new ServerAnswer(422, "Unexpected message, expect initialize request", "text/plain"), 1, McpEffect.Settled, "422"),
        ["session, in a JSON-RPC error, the session lives"] = ("any other error", ServerAnswer.Error(-32001, "Session not found"), 1, McpEffect.Settled, "-32001"),
        ["-32000 a tool's own session"] = ("lost behind the server", ServerAnswer.Error(-32000, "Connection closed: browser session ended after submit"), 1, McpEffect.Unknown, "-32000"),
        ["version"] = ("version refused", ServerAnswer.Error(-32022, status: 400), 2, McpEffect.None, "version"),
        ["plain 400, the session lives"] = ("any other 4xx", new ServerAnswer(400, """{"detail":"sentinel"}"""), 1, McpEffect.Settled, "HTTP 400"),
        ["plain 409, the session lives"] = ("any other 4xx", new ServerAnswer(409), 1, McpEffect.Settled, "HTTP 409"),
        ["406, the session lives"] = ("any other 4xx", new ServerAnswer(406), 1, McpEffect.Settled, "HTTP 406"),
        ["401"] = ("401", new ServerAnswer(401), 1, null, "unauthorized"),
        ["403 scope"] = ("403 for want of a scope", new ServerAnswer(403) { Headers = [("WWW-Authenticate", ScopeChallenge)] }, 1, McpEffect.None, "\"files:read files:write\""),
        ["403"] = ("403", new ServerAnswer(403), 1, McpEffect.None, "refused access"),
        ["429"] = ("429", new ServerAnswer(429) { Headers = [("Retry-After", "17")] }, 1, McpEffect.None, "429"),
        ["-32601"] = ("unknown method", ServerAnswer.Error(-32601), 1, McpEffect.None, "-32601"),
        ["-32601 with a 404 to a session"] = ("404 or 410 to a session", ServerAnswer.Error(-32601, status: 404), 2, McpEffect.None, null),
        ["-32602 after the effect"] = ("any other error", ServerAnswer.Error(-32602, "Output validation error"), 1, McpEffect.Settled, "-32602"),
        ["-32602 with 400"] = ("any other error", ServerAnswer.Error(-32602, status: 400), 1, McpEffect.Settled, "-32602"),
        ["-32021"] = ("missing capability", new ServerAnswer(200, """{"jsonrpc":"2.0","id":{id},"error":{"code":-32021,"message":"x","data":{"requiredCapabilities":{"sampling":{},"sentinel":{}}}}}"""), 1, McpEffect.Settled, "sampling."),
        ["-32001 time-out"] = ("lost behind the server", ServerAnswer.Error(-32001, "Request timed out"), 1, McpEffect.Unknown, "-32001"),
        ["-32000 closed"] = ("lost behind the server", ServerAnswer.Error(-32000, "MCP error -32000: Connection closed"), 1, McpEffect.Unknown, "-32000"),
        ["-32603 with 500"] = ("error in a 5xx", ServerAnswer.Error(-32603, status: 500), 1, McpEffect.Settled, "-32603"),
        ["-32603"] = ("any other error", ServerAnswer.Error(-32603), 1, McpEffect.Settled, "-32603"),
        ["-32600"] = ("any other error", ServerAnswer.Error(-32600), 1, McpEffect.Settled, "-32600"),
        ["-32700"] = ("any other error", ServerAnswer.Error(-32700), 1, McpEffect.Settled, "-32700"),
        ["-32000"] = ("any other error", ServerAnswer.Error(-32000), 1, McpEffect.Settled, "-32000"),
        ["code of the server's own"] = ("any other error", ServerAnswer.Error(17), 1, McpEffect.Settled, "17"),
        ["405"] = ("404, 405, 410, 413, 415, 421, 425", new ServerAnswer(405), 1, McpEffect.None, "405"),
        ["413"] = ("404, 405, 410, 413, 415, 421, 425", new ServerAnswer(413), 1, McpEffect.None, "413"),
        ["415"] = ("404, 405, 410, 413, 415, 421, 425", new ServerAnswer(415), 1, McpEffect.None, "415"),
        ["421"] = ("404, 405, 410, 413, 415, 421, 425", new ServerAnswer(421), 1, McpEffect.None, "421"),
        ["425"] = ("404, 405, 410, 413, 415, 421, 425", new ServerAnswer(425), 1, McpEffect.None, "425"),
        ["307"] = ("307, 308", new ServerAnswer(307) { Headers = [("Location", "/other")] }, 1, McpEffect.None, "redirect"),
        ["303"] = ("any other redirect", new ServerAnswer(303) { Headers = [("Location", "/other")] }, 1, McpEffect.Unknown, "redirect"),
        ["408"] = ("408, 499", new ServerAnswer(408), 1, McpEffect.Unknown, "408"),
        ["499"] = ("408, 499", new ServerAnswer(499), 1, McpEffect.Unknown, "499"),
        ["500"] = ("5xx", new ServerAnswer(500), 1, McpEffect.Unknown, "500"),
        ["501"] = ("5xx", new ServerAnswer(501), 1, McpEffect.Unknown, "501"),
        ["502"] = ("5xx", new ServerAnswer(502, "<html>sentinel</html>", "text/html"), 1, McpEffect.Unknown, "502"),
        ["503"] = ("5xx", new ServerAnswer(503), 1, McpEffect.Unknown, "503"),
        ["503 with Retry-After"] = ("5xx", new ServerAnswer(503) { Headers = [("Retry-After", "1")] }, 1, McpEffect.Unknown, "503"),
        ["101"] = ("anything else", new ServerAnswer(101), 1, McpEffect.Unknown, null),
    };

    /// <summary>Rows that need more than an answer to a call, each with the test that holds it.</summary>
    private static readonly string[] HeldElsewhere =
    [
        "not sent", "time-out before sending", "time-out", // McpFailureTests
        "list too long", // McpFailureTests.List_of_too_many_tools_or_bytes_is_refused
        "refusal to a session", "401 for its session", "error about the session", "ping refused too", // McpSessionTests
        "refusal that misses a session", "refused for want of a session", "remembered version refused", // McpVersionTests
        "error in mid-call", "refused in mid-call", // MidCallTests
        "parameters or result refused", "unknown tool", // below: the first never is the last word
    ];

    public static TheoryData<string> Names => new(Cases.Keys);

    [Theory]
    [MemberData(nameof(Names))]
    public async Task Answer_to_a_call_means_what_its_row_says(string name)
    {
        var (row, answer, runs, effect, says) = Cases[name];
        await using var server = await HandshakeServer.StartAsync();
        await using var mcp = new McpHarness();
        var target = McpHarness.Server(server.Url);
        server.Calls.Enqueue(answer);

        var outcome = await mcp.Gateway.CallToolAsync(McpHarness.User(1), target, Token, McpHarness.Call("any"), CancellationToken.None);

        var meaning = FailureTable.Rows.Single(one => one.Name == row);
        Assert.Equal(runs, server.Runs);
        if (effect is { } expected)
        {
            var failure = Assert.IsType<McpOutcome<McpToolResult>.Failed>(outcome).Failure;
            Assert.Equal(expected, failure.Effect);
            Assert.Contains(says ?? "", failure.Message, StringComparison.Ordinal);
            Assert.DoesNotContain("sentinel", failure.Message + mcp.Logs.All, StringComparison.Ordinal);
            Assert.Equal(name == "429" ? TimeSpan.FromSeconds(17) : null, failure.RetryAfter);
        }
        else
        {
            Assert.IsType<McpOutcome<McpToolResult>.Unauthorized>(outcome);
        }

        // Whatever became of it, the next call is not made on a session that was given up.
        server.Calls.Clear();
        var opened = server.Opened;
        await mcp.CallAsync(target, Token, McpHarness.Call("any"));
        Assert.Equal(meaning.Session == SessionFate.Alive ? opened : opened + 1, server.Opened);
        Assert.Contains($": {row}", mcp.Logs.All, StringComparison.Ordinal);
    }

    [Fact]
    public void Every_row_is_held_by_a_test()
    {
        var held = Cases.Values.Select(one => one.Row).Concat(HeldElsewhere).ToHashSet(StringComparer.Ordinal);
        Assert.Equal([], FailureTable.Rows.Select(row => row.Name).Where(name => !held.Contains(name)));
        Assert.Equal(FailureTable.Rows.Count, FailureTable.Rows.Select(row => row.Name).Distinct(StringComparer.Ordinal).Count());
        Assert.All(FailureTable.Rows, row => Assert.NotEmpty(row.Source));
    }

    [Fact]
    public async Task Unknown_tool_is_told_by_its_name_and_only_when_a_listing_does_not_have_it()
    {
        await using var server = await HandshakeServer.StartAsync();
        await using var mcp = new McpHarness();
        server.Calls.Enqueue(ServerAnswer.Error(-32602));

        var unknown = await mcp.FailAsync(McpHarness.Server(server.Url), Token, McpHarness.Call("translate"));
        var known = await mcp.FailAsync(McpHarness.Server(server.Url), Token, McpHarness.Call("any"));
        server.Gate = (_, message) => message["method"]?.ToString() == "tools/list" ? new ServerAnswer(500) : null;
        var undecided = await mcp.FailAsync(McpHarness.Server(server.Url), Token, McpHarness.Call("translate"));

        Assert.Equal((McpFailureCodes.ProtocolError, McpEffect.None), (unknown.Code, unknown.Effect));
        Assert.Equal("The MCP server has no tool named \"translate\".", unknown.Message);
        Assert.Equal(McpEffect.Settled, known.Effect);
        Assert.Equal(McpEffect.Settled, undecided.Effect);
    }

    [Theory]
    [InlineData("Bearer error=\"insufficient_scope\", scope=\"a\\\"b\"", null)]
    [InlineData("Bearer error=\"insufficient_scope\", scope=\"a  b\"", null)]
    [InlineData("Bearer error=\"insufficient_scope\"", null)]
    [InlineData("Bearer scope=\"a b\", error=insufficient_scope", "\"a b\"")]
    [InlineData("Bearer realm=\"x\",error=\"insufficient_scope\",scope=mail.send", "\"mail.send\"")]
    public async Task Scope_of_a_403_is_told_where_it_is_one(string challenge, string? told)
    {
        await using var server = await HandshakeServer.StartAsync();
        await using var mcp = new McpHarness();
        server.Calls.Enqueue(new ServerAnswer(403) { Headers = [("WWW-Authenticate", challenge)] });

        var failure = await mcp.FailAsync(McpHarness.Server(server.Url), Token, McpHarness.Call("any"));

        Assert.Equal(McpFailureCodes.Forbidden, failure.Code);
        Assert.Contains("permissions that were granted", failure.Message, StringComparison.Ordinal);
        Assert.Equal(told is not null, failure.Message.Contains("It asks for the scope " + told, StringComparison.Ordinal));
    }
}
