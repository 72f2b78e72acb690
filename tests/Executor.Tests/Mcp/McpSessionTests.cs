using Executor.Credentials;
using Executor.Servers;

namespace Executor.Tests.Mcp;

/// <summary>A server that has lost its sessions, in the words and codes of those that there are.</summary>
public sealed class McpSessionTests
{
    private static readonly AccessToken Token = new("token");

    private static readonly Dictionary<string, ServerAnswer> Answers = new(StringComparer.Ordinal)
    {
        ["404"] = new(404),
        ["404 and -32001"] = ServerAnswer.Error(-32001, "Session not found", 404),
        ["410"] = new(410),
        ["400 and words"] = new(400, "Bad Request: No valid session ID provided", "text/plain"),
        ["400 without a word"] = new(400),
        ["400 and JSON"] = new(400, """{"title":"Bad Request","status":400}"""),
        ["400 in another language"] = new(400, "Ungültige Anfrage", "text/plain; charset=utf-8"),
        ["400 and -32000"] = ServerAnswer.Error(-32000, "Bad Request: Server not initialized", 400),
        ["400, -32600 and a null id"] = new(400, """{"jsonrpc":"2.0","id":"server-error","error":{"code":-32600,"message":"Bad Request: Missing session ID"}}"""),
        ["401 and words"] = new(401, "Unauthorized: Session not found", "text/plain"),
        ["409"] = new(409),
        ["422"] = new(422, "Unexpected message, expect initialize request", "text/plain"),
        ["200 and -32001"] = ServerAnswer.Error(-32001, "Session not found"),
        ["200 and -32000"] = ServerAnswer.Error(-32000, "Unknown or expired session"),
    };

    public static TheoryData<string> Names => new(Answers.Keys);

    [Theory]
    [MemberData(nameof(Names))]
    public async Task Lost_session_is_replaced_and_the_call_runs_once(string answer)
    {
        await using var server = await HandshakeServer.StartAsync();
        await using var mcp = new McpHarness();
        var target = McpHarness.Server(server.Url);
        server.UnknownSession = Answers[answer];
        await mcp.CallAsync(target, Token, McpHarness.Call("any"));
        server.LoseSessions();

        await mcp.CallAsync(target, Token, McpHarness.Call("any"));
        server.LoseSessions();
        await mcp.ListAsync(target, Token);

        Assert.Equal(2, server.Runs);
        Assert.Equal(3, server.Opened);
    }

    [Theory]
    [InlineData(500)]
    [InlineData(502)]
    [InlineData(503)]
    public async Task Lost_session_that_a_server_breaks_on_is_not_used_again(int status)
    {
        await using var server = await HandshakeServer.StartAsync();
        await using var mcp = new McpHarness();
        var target = McpHarness.Server(server.Url);
        server.UnknownSession = new ServerAnswer(status);
        await mcp.CallAsync(target, Token, McpHarness.Call("any"));
        server.LoseSessions();

        // It may have run: the run asks for the tool's annotations next, and that listing is made at once in a new session.
        Assert.Equal(McpEffect.Unknown, (await mcp.FailAsync(target, Token, McpHarness.Call("any"))).Effect);
        await mcp.CallAsync(target, Token, McpHarness.Call("any"));
        server.LoseSessions();
        await mcp.ListAsync(target, Token);

        Assert.Equal(3, server.Opened);
    }

    [Fact]
    public async Task Server_that_knows_no_session_ever_is_asked_twice_and_the_failure_is_without_effect()
    {
        await using var server = await HandshakeServer.StartAsync();
        await using var mcp = new McpHarness();
        server.Gate = (http, message) => message["id"] is not null && message["method"]?.ToString() is not ("initialize" or "server/discover")
            ? new ServerAnswer(400)
            : null;

        var failure = await mcp.FailAsync(McpHarness.Server(server.Url), Token, McpHarness.Call("any"));

        Assert.Equal((McpFailureCodes.HttpError, McpEffect.None), (failure.Code, failure.Effect));
        Assert.Equal(2, server.Opened);
        Assert.Equal(2, server.CountOf("tools/call"));
    }

    [Theory]
    [InlineData(400, -32601)]
    [InlineData(404, null)]
    [InlineData(405, null)]
    [InlineData(422, null)]
    public async Task Ping_that_is_refused_in_another_way_than_the_call_proves_nothing_of_the_session(int status, int? code)
    {
        await using var server = await HandshakeServer.StartAsync();
        await using var mcp = new McpHarness();
        server.Gate = (_, message) => message["method"]?.ToString() != "ping" ? null
            : code is { } error ? ServerAnswer.Error(error, "Method not found", status) : new ServerAnswer(status);
        server.Calls.Enqueue(ServerAnswer.Error(-32000, "Invoice saved, session closed", 400));

        var failure = await mcp.FailAsync(McpHarness.Server(server.Url), Token, McpHarness.Call("any"));

        Assert.Equal(McpEffect.Settled, failure.Effect);
        Assert.Equal((1, 1), (server.Runs, server.CountOf("ping")));
    }

    [Fact]
    public async Task Calls_that_meet_a_lost_session_together_run_once_each()
    {
        await using var server = await HandshakeServer.StartAsync();
        await using var mcp = new McpHarness();
        var target = McpHarness.Server(server.Url);
        server.UnknownSession = new ServerAnswer(400);
        await mcp.CallAsync(target, Token, McpHarness.Call("any"));
        server.LoseSessions();

        await Task.WhenAll(Enumerable.Range(0, 16).Select(_ => mcp.CallAsync(target, Token, McpHarness.Call("any"))));

        Assert.Equal(17, server.Runs);
    }
}
