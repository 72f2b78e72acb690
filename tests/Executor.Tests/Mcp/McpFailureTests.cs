using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json.Nodes;
using Executor.Credentials;
using Executor.Sandbox.Mcp;
using Executor.Servers;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using AccessToken = Executor.Credentials.AccessToken;

namespace Executor.Tests.Mcp;

public sealed class McpFailureTests
{
    private const string Sentinel = "sentinel-3f1c";

    private static readonly AccessToken Token = new("token-" + Sentinel);

    [Fact]
    public async Task Rejected_token_is_unauthorized_while_connecting_and_on_a_warm_connection()
    {
        await using var sandbox = await McpHarness.SandboxAsync(McpProtocol.Sessions);
        await using var mcp = new McpHarness();
        var server = McpHarness.Server(sandbox.McpEndpoint);
        var grant = sandbox.OAuth.Mint();

        Assert.IsType<McpOutcome<McpToolResult>.Unauthorized>(
            await mcp.Gateway.CallToolAsync(McpHarness.User(1), server, new AccessToken("dead"), McpHarness.Call("echo"), CancellationToken.None));
        await mcp.CallAsync(server, new AccessToken(grant.AccessToken), McpHarness.Call("echo"));
        sandbox.OAuth.RevokeAccessTokens(grant.GrantId);
        Assert.IsType<McpOutcome<McpToolResult>.Unauthorized>(
            await mcp.Gateway.CallToolAsync(McpHarness.User(1), server, new AccessToken(grant.AccessToken), McpHarness.Call("echo"), CancellationToken.None));
    }

    [Theory]
    [InlineData(403, McpFailureCodes.Forbidden, McpEffect.None)]
    [InlineData(400, McpFailureCodes.HttpError, McpEffect.Settled)]
    [InlineData(404, McpFailureCodes.HttpError, McpEffect.None)]
    [InlineData(408, McpFailureCodes.HttpError, McpEffect.Unknown)]
    [InlineData(429, McpFailureCodes.HttpError, McpEffect.None)]
    [InlineData(500, McpFailureCodes.HttpError, McpEffect.Unknown)]
    [InlineData(502, McpFailureCodes.HttpError, McpEffect.Unknown)]
    [InlineData(503, McpFailureCodes.HttpError, McpEffect.Unknown)]
    [InlineData(303, McpFailureCodes.HttpError, McpEffect.Unknown)]
    [InlineData(308, McpFailureCodes.HttpError, McpEffect.None)]
    public async Task Refused_call_is_typed_by_its_status_and_nothing_of_its_body_is_told(int status, string code, McpEffect effect)
    {
        await using var raw = await RawServer.StartAsync(async (http, _) =>
        {
            http.Response.StatusCode = status;
            http.Response.ContentType = status == 400 ? "text/plain" : "application/json";
            await http.Response.WriteAsync($$$"""{"jsonrpc":"2.0","id":null,"error":{"code":-32000,"message":"401 {{{Sentinel}}}"}}""");
        });
        await using var mcp = new McpHarness();
        var server = McpHarness.Server(raw.Url);

        var failure = await mcp.FailAsync(server, Token, McpHarness.Call("any"));

        Assert.Equal((code, effect), (failure.Code, failure.Effect));
        Assert.DoesNotContain(Sentinel, failure.Message, StringComparison.Ordinal);
        Assert.Equal(McpEffect.None, (await mcp.FailListAsync(server, Token)).Effect);
        Assert.DoesNotContain(Sentinel, mcp.Logs.All, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(200)]
    [InlineData(400)]
    public async Task Json_rpc_error_is_told_by_its_code_alone(int status)
    {
        await using var raw = await RawServer.StartAsync(async (http, message) =>
        {
            http.Response.StatusCode = status;
            http.Response.ContentType = "application/json";
            await http.Response.WriteAsync(
                $$$"""{"jsonrpc":"2.0","id":{{{message["id"]!.ToJsonString()}}},"error":{"code":-32099,"message":"401 {{{Sentinel}}}"}}""");
        });
        await using var mcp = new McpHarness();

        var failure = await mcp.FailAsync(McpHarness.Server(raw.Url), Token, McpHarness.Call("any"));

        Assert.Equal((McpFailureCodes.ProtocolError, McpEffect.Settled), (failure.Code, failure.Effect));
        Assert.Contains("-32099", failure.Message, StringComparison.Ordinal);
        Assert.DoesNotContain(Sentinel, failure.Message + mcp.Logs.All, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Unknown_tool_is_a_protocol_error_without_effect()
    {
        await using var sandbox = await McpHarness.SandboxAsync();
        await using var mcp = new McpHarness();

        var failure = await mcp.FailAsync(
            McpHarness.Server(sandbox.McpEndpoint), new AccessToken(sandbox.OAuth.Mint().AccessToken), McpHarness.Call("nothing"));

        Assert.Equal((McpFailureCodes.ProtocolError, McpEffect.None), (failure.Code, failure.Effect));
    }

    [Fact]
    public async Task Redirect_is_not_followed_and_its_target_sees_no_bearer()
    {
        var visits = 0;
        await using var target = await RawServer.StartAsync((_, _) =>
        {
            Interlocked.Increment(ref visits);
            return Task.CompletedTask;
        });
        await using var raw = await RawServer.StartAsync((http, _) =>
        {
            http.Response.StatusCode = 307;
            http.Response.Headers.Location = target.Url.ToString();
            return Task.CompletedTask;
        });
        await using var mcp = new McpHarness();

        Assert.Equal(McpFailureCodes.HttpError, (await mcp.FailAsync(McpHarness.Server(raw.Url), Token, McpHarness.Call("any"))).Code);
        Assert.Equal(0, visits);
    }

    [Fact]
    public async Task Nobody_listening_is_unreachable_without_effect()
    {
        int port;
        using (var probe = new TcpListener(IPAddress.Loopback, 0))
        {
            probe.Start();
            port = ((IPEndPoint)probe.LocalEndpoint).Port;
        }

        await using var mcp = new McpHarness();
        var failure = await mcp.FailAsync(McpHarness.Server(new Uri($"http://127.0.0.1:{port}/mcp")), Token, McpHarness.Call("any"));

        Assert.Equal((McpFailureCodes.Unreachable, McpEffect.None), (failure.Code, failure.Effect));
    }

    [Fact]
    public async Task Server_that_went_away_between_calls_is_unreachable_without_effect()
    {
        await using var mcp = new McpHarness();
        var raw = await RawServer.StartAsync((http, message) => RawServer.ResultAsync(http, message, """{"content":[]}"""));
        var server = McpHarness.Server(raw.Url);
        await mcp.CallAsync(server, Token, McpHarness.Call("any"));
        await raw.DisposeAsync();

        var failure = await mcp.FailAsync(server, Token, McpHarness.Call("any"));

        Assert.Equal((McpFailureCodes.Unreachable, McpEffect.None), (failure.Code, failure.Effect));
    }

    [Fact]
    public async Task Connection_reset_after_the_effect_leaves_it_unknown_and_runs_it_once()
    {
        await using var sandbox = await McpHarness.SandboxAsync();
        await using var mcp = new McpHarness();
        var server = McpHarness.Server(sandbox.McpEndpoint);
        var token = new AccessToken(sandbox.OAuth.Mint().AccessToken);

        var failure = await mcp.FailAsync(server, token, McpHarness.Call("crash", key: "once"));

        Assert.Equal((McpFailureCodes.ConnectionLost, McpEffect.Unknown), (failure.Code, failure.Effect));
        Assert.Equal(1, sandbox.Mcp.Effects["once"]);
        await mcp.CallAsync(server, token, McpHarness.Call("echo"));
    }

    [Fact]
    public async Task Answer_without_a_reply_is_an_unknown_protocol_error()
    {
        await using var raw = await RawServer.StartAsync(async (http, _) =>
        {
            http.Response.ContentType = "application/json";
            await http.Response.WriteAsync("{ nonsense " + Sentinel);
        });
        await using var mcp = new McpHarness();

        var failure = await mcp.FailAsync(McpHarness.Server(raw.Url), Token, McpHarness.Call("any"));

        Assert.Equal((McpFailureCodes.ProtocolError, McpEffect.Unknown), (failure.Code, failure.Effect));
        Assert.DoesNotContain(Sentinel, failure.Message + mcp.Logs.All, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{"content":[],"content":[],"isError":false,"isError":false}""")]
    [InlineData("""{"resultType":"input_required","inputRequests":{"a":{"method":"elicitation/create","params":{"message":"?"}}}}""")]
    [InlineData("""{"resultType":"input_required"}""")]
    [InlineData("""{"resultType":5}""")]
    [InlineData("""[1]""")]
    [InlineData("null")]
    public async Task Odd_result_is_an_outcome_and_not_an_exception(string result)
    {
        await using var raw = await RawServer.StartAsync((http, message) => RawServer.ResultAsync(http, message, result));
        await using var mcp = new McpHarness();

        var outcome = await mcp.Gateway.CallToolAsync(
            McpHarness.User(1), McpHarness.Server(raw.Url), Token, McpHarness.Call("any"), CancellationToken.None);

        Assert.True(
            outcome is McpOutcome<McpToolResult>.Completed
                or McpOutcome<McpToolResult>.Failed
            {
                Failure.Code: McpFailureCodes.ProtocolError or McpFailureCodes.InputRequired or McpFailureCodes.ResultTypeUnsupported
            },
            outcome.ToString());
    }

    [Theory]
    [InlineData("token\r\nX-Evil: 1")]
    [InlineData("tök en")]
    public async Task Token_that_no_header_can_carry_is_unauthorized_and_not_sent(string token)
    {
        await using var sandbox = await McpHarness.SandboxAsync();
        await using var mcp = new McpHarness();

        Assert.IsType<McpOutcome<McpToolResult>.Unauthorized>(await mcp.Gateway.CallToolAsync(
            McpHarness.User(1), McpHarness.Server(sandbox.McpEndpoint), new AccessToken(token), McpHarness.Call("echo"), CancellationToken.None));
        Assert.Equal(0, sandbox.Mcp.Counters.Requests);
    }

    [Theory]
    [InlineData("naïve ✓")]
    [InlineData("two\r\nlines")]
    public async Task Tool_name_that_no_header_can_carry_breaks_nothing(string tool)
    {
        await using var sandbox = await McpHarness.SandboxAsync(McpProtocol.Sessions);
        await using var mcp = new McpHarness();

        var failure = await mcp.FailAsync(
            McpHarness.Server(sandbox.McpEndpoint), new AccessToken(sandbox.OAuth.Mint().AccessToken), McpHarness.Call(tool));

        Assert.Equal((McpFailureCodes.ProtocolError, McpEffect.None), (failure.Code, failure.Effect));
    }

    [Fact]
    public async Task Huge_result_is_capped()
    {
        await using var sandbox = await McpHarness.SandboxAsync();
        await using var mcp = new McpHarness(o => o.MaxResultBytes = 100_000);
        var server = McpHarness.Server(sandbox.McpEndpoint);
        var token = new AccessToken(sandbox.OAuth.Mint().AccessToken);

        Assert.Equal(McpFailureCodes.ResultTooLarge, (await mcp.FailAsync(server, token, McpHarness.Call("big", new { n = 200_000 }))).Code);
        await mcp.CallAsync(server, token, McpHarness.Call("big", new { n = 50_000 }));
    }

    [Theory]
    [InlineData("text/event-stream", "event: message\ndata: {\"jsonrpc\":\"2.0\",\"method\":\"notifications/message\",\"params\":{}}\n\n")]
    [InlineData("text/event-stream", "data: xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx")]
    [InlineData("application/json", "          ")]
    public async Task Endless_answer_is_capped_and_hung_up_on(string type, string chunk)
    {
        var gone = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var raw = await RawServer.StartAsync(async (http, message) =>
        {
            if (message["method"]?.ToString() != "tools/call")
            {
                http.Response.StatusCode = 202;
                return;
            }

            http.Response.ContentType = type;
            var bytes = Encoding.UTF8.GetBytes(string.Concat(Enumerable.Repeat(chunk, 100)));
            try
            {
                while (true)
                    await http.Response.Body.WriteAsync(bytes, http.RequestAborted);
            }
            catch (OperationCanceledException)
            {
                gone.SetResult();
            }
        });
        await using var mcp = new McpHarness();

        Assert.Equal(McpFailureCodes.ResultTooLarge, (await mcp.FailAsync(McpHarness.Server(raw.Url), Token, McpHarness.Call("any"))).Code);
        await gone.Task.WaitAsync(McpHarness.Patience);
    }

    [Fact]
    public async Task List_of_too_many_tools_or_bytes_is_refused()
    {
        await using var sandbox = await McpHarness.SandboxAsync(options: new() { ToolCount = 101, ToolPageSize = 20 });
        var server = McpHarness.Server(sandbox.McpEndpoint);
        var token = new AccessToken(sandbox.OAuth.Mint().AccessToken);

        await using (var mcp = new McpHarness(o => o.MaxTools = 100))
            Assert.Equal(McpFailureCodes.TooManyTools, (await mcp.FailListAsync(server, token)).Code);
        await using (var mcp = new McpHarness(o => o.MaxListBytes = 10_000))
            Assert.Equal(McpFailureCodes.ResultTooLarge, (await mcp.FailListAsync(server, token)).Code);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task List_without_an_end_is_refused(bool cursorsDiffer)
    {
        var page = 0;
        await using var raw = await RawServer.StartAsync((http, message) =>
            RawServer.ResultAsync(http, message, $$"""{"tools":[],"nextCursor":"{{(cursorsDiffer ? Interlocked.Increment(ref page) : 0)}}"}"""));
        await using var mcp = new McpHarness();

        Assert.Equal(McpFailureCodes.ProtocolError, (await mcp.FailListAsync(McpHarness.Server(raw.Url), Token)).Code);
    }

    [Theory]
    [InlineData(McpProtocol.Stateless)]
    [InlineData(McpProtocol.Sessions)]
    public async Task Call_that_takes_too_long_times_out_and_the_server_is_told(McpProtocol protocol)
    {
        await using var sandbox = await McpHarness.SandboxAsync(protocol);
        await using var mcp = new McpHarness();
        var server = McpHarness.Server(sandbox.McpEndpoint);
        var token = new AccessToken(sandbox.OAuth.Mint().AccessToken);
        await mcp.CallAsync(server, token, McpHarness.Call("echo"));

        var failure = await mcp.FailAsync(server, token, McpHarness.Call("wait", timeout: TimeSpan.FromMilliseconds(500)));

        Assert.Equal((McpFailureCodes.TimedOut, McpEffect.Unknown), (failure.Code, failure.Effect));
        await McpHarness.EventuallyAsync(() => sandbox.Mcp.Counters is { Concurrency: 0, Cancellations: 1 }, "The call should have been cancelled.");
    }

    [Fact]
    public async Task Server_that_never_answers_the_handshake_times_out_without_effect()
    {
        using var silent = new TcpListener(IPAddress.Loopback, 0);
        silent.Start();
        await using var mcp = new McpHarness(o => o.CloseTimeout = o.HandshakeTimeout = TimeSpan.FromSeconds(2));
        var server = McpHarness.Server(new Uri($"http://{silent.LocalEndpoint}/mcp"));

        var failure = await mcp.FailAsync(server, Token, McpHarness.Call("any", timeout: TimeSpan.FromMilliseconds(300)));

        Assert.Equal((McpFailureCodes.TimedOut, McpEffect.None), (failure.Code, failure.Effect));
    }

    [Theory]
    [InlineData(McpProtocol.Stateless)]
    [InlineData(McpProtocol.Sessions)]
    public async Task Cancelled_call_reaches_the_server_and_leaves_its_neighbour_alone(McpProtocol protocol)
    {
        await using var sandbox = await McpHarness.SandboxAsync(protocol);
        await using var mcp = new McpHarness();
        var server = McpHarness.Server(sandbox.McpEndpoint);
        var token = new AccessToken(sandbox.OAuth.Mint().AccessToken);
        using var cancel = new CancellationTokenSource();

        var cancelled = mcp.Gateway.CallToolAsync(McpHarness.User(1), server, token, McpHarness.Call("wait", key: "first"), cancel.Token);
        await sandbox.Mcp.WaitForHeldAsync();
        var neighbour = mcp.CallAsync(server, token, McpHarness.Call("wait", key: "second"));
        await sandbox.Mcp.WaitForHeldAsync(2);
        await cancel.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => cancelled);
        var first = sandbox.Mcp.Journal.Read(where: r => r.Meta?["executor/idempotencyKey"]?.ToString() == "first").Single();
        Assert.True(first.Cancelled);
        sandbox.Mcp.Release();
        Assert.False((await neighbour).IsError);
    }

    [Fact]
    public async Task Server_that_does_not_take_the_cancellation_does_not_hold_the_caller_up()
    {
        var called = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var raw = await RawServer.StartAsync((http, _) =>
        {
            called.TrySetResult();
            return Task.Delay(Timeout.Infinite, http.RequestAborted).ContinueWith(_ => { }, TaskScheduler.Default);
        });
        await using var mcp = new McpHarness(o => o.CancelTimeout = TimeSpan.FromMilliseconds(300));
        using var cancel = new CancellationTokenSource();

        var call = mcp.Gateway.CallToolAsync(McpHarness.User(1), McpHarness.Server(raw.Url), Token, McpHarness.Call("any"), cancel.Token);
        await called.Task.WaitAsync(McpHarness.Patience);
        await cancel.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => call.WaitAsync(TimeSpan.FromSeconds(10)));
        Assert.True(call.IsCanceled);
    }

    [Fact]
    public async Task Tokens_and_payloads_stay_out_of_logs_at_the_lowest_level()
    {
        await using var sandbox = await McpHarness.SandboxAsync(McpProtocol.Sessions);
        await using var mcp = new McpHarness();
        var server = McpHarness.Server(sandbox.McpEndpoint);
        var grant = sandbox.OAuth.Mint();
        var token = new AccessToken(grant.AccessToken);

        await mcp.CallAsync(server, token, McpHarness.Call("echo", new { text = Sentinel }));
        await mcp.FailAsync(server, token, McpHarness.Call("crash"));
        await mcp.Gateway.ListToolsAsync(McpHarness.User(1), server, Token, CancellationToken.None);

        Assert.DoesNotContain(grant.AccessToken, mcp.Logs.All, StringComparison.Ordinal);
        Assert.DoesNotContain(Sentinel, mcp.Logs.All, StringComparison.Ordinal);
    }
}
