using System.Net;
using System.Net.Sockets;
using System.Text.Json.Nodes;
using Executor.Credentials;
using Executor.Servers;
using Microsoft.AspNetCore.Http;

namespace Executor.Tests.Mcp;

/// <summary>A call that has begun is not made again for what is said of it afterwards.</summary>
public sealed class MidCallTests
{
    private static readonly AccessToken Token = new("token");

    private static readonly Dictionary<string, (ServerAnswer Answer, McpEffect Effect)> SecondRounds = new(StringComparer.Ordinal)
    {
        ["401"] = (new(401), McpEffect.Unknown),
        ["401 and JSON-RPC"] = (ServerAnswer.Error(-32001, status: 401), McpEffect.Unknown),
        ["403"] = (new(403), McpEffect.Unknown),
        ["404"] = (new(404), McpEffect.Unknown),
        ["405"] = (new(405), McpEffect.Unknown),
        ["408"] = (new(408), McpEffect.Unknown),
        ["413"] = (new(413), McpEffect.Unknown),
        ["400 session"] = (new(400, "No valid session", "text/plain"), McpEffect.Unknown),
        ["429"] = (new(429) { Headers = [("Retry-After", "1")] }, McpEffect.Unknown),
        ["307"] = (new(307) { Headers = [("Location", "/other")] }, McpEffect.Unknown),
        ["503"] = (new(503), McpEffect.Unknown),
        ["aborted"] = (new(200) { Abort = true }, McpEffect.Unknown),
        ["header mismatch"] = (ServerAnswer.Error(-32020, status: 400), McpEffect.Settled),
        ["version"] = (ServerAnswer.Error(-32022, status: 400), McpEffect.Settled),
        ["-32601"] = (ServerAnswer.Error(-32601), McpEffect.Settled),
        ["-32602"] = (ServerAnswer.Error(-32602), McpEffect.Settled),
        ["-32601 and 404"] = (ServerAnswer.Error(-32601, status: 404), McpEffect.Settled),
    };

    public static TheoryData<string> Names => new(SecondRounds.Keys);

    [Theory]
    [MemberData(nameof(Names))]
    public async Task Refusal_of_a_later_round_says_nothing_of_the_first(string name)
    {
        var (answer, effect) = SecondRounds[name];
        await using var server = await HandshakeServer.StartAsync();
        server.IsStateless = true;
        await using var mcp = new McpHarness();
        server.Calls.Enqueue(ServerAnswer.Result("""{"resultType":"input_required","requestState":"half done"}"""));
        server.Calls.Enqueue(answer);

        var failure = await mcp.FailAsync(McpHarness.Server(server.Url), Token, McpHarness.Call("any"));

        Assert.Equal(effect, failure.Effect);
        Assert.False(failure.MayPass);
        Assert.Equal(2, server.Runs);
    }

    [Fact]
    public async Task Later_round_that_does_not_leave_this_machine_leaves_the_first_unknown()
    {
        using var door = new TcpListener(IPAddress.Loopback, 0);
        await using var raw = await RawServer.StartAsync(async (http, message) =>
        {
            if (message["method"]?.ToString() != "tools/call")
            {
                await RawServer.ResultAsync(http, message, """{"tools":[]}""");
                return;
            }

            // The connection ends with the first round, and nobody takes another.
            door.Stop();
            http.Response.Headers.Connection = "close";
            await RawServer.ResultAsync(http, message, """{"resultType":"input_required","requestState":"half done"}""");
        });
        door.Start();
        var url = new Uri($"http://{door.LocalEndpoint}/mcp");
        var doorway = LetInAsync(door, raw.Url);
        await using var mcp = new McpHarness();

        var failure = await mcp.FailAsync(McpHarness.Server(url), Token, McpHarness.Call("any"));

        Assert.Equal((McpFailureCodes.ConnectionLost, McpEffect.Unknown), (failure.Code, failure.Effect));
        await doorway;
    }

    private static async Task LetInAsync(TcpListener door, Uri server)
    {
        try
        {
            while (true)
            {
                var outside = await door.AcceptTcpClientAsync();
                var inside = new TcpClient();
                await inside.ConnectAsync(server.Host, server.Port);
                _ = PumpAsync(outside, inside);
                _ = PumpAsync(inside, outside);
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException or InvalidOperationException)
        {
            // Closed.
        }

        static async Task PumpAsync(TcpClient from, TcpClient to)
        {
            try
            {
                await from.GetStream().CopyToAsync(to.GetStream());
                to.Client.Shutdown(SocketShutdown.Send);
            }
            catch (Exception e) when (e is IOException or SocketException or InvalidOperationException)
            {
                // Hung up.
            }
        }
    }

    [Theory]
    [InlineData(false, "elicitation/create", -32601, McpEffect.Settled)]
    [InlineData(true, "elicitation/create", -32601, McpEffect.Settled)]
    [InlineData(false, "sampling/createMessage", -32602, McpEffect.Settled)]
    [InlineData(false, "notifications/progress", -32601, McpEffect.Settled)]
    [InlineData(true, "notifications/progress", -32601, McpEffect.Settled)]
    [InlineData(true, "notifications/progress", -32001, McpEffect.Settled)]
    [InlineData(true, "ping", -32601, McpEffect.None)]
    public async Task Error_of_a_call_that_asked_or_told_something_is_no_refusal(bool onItsOwnStream, string said, int code, McpEffect effect)
    {
        await using var server = await QuestionServer.StartAsync(onItsOwnStream, said, code);
        await using var mcp = new McpHarness();

        var failure = await mcp.FailAsync(McpHarness.Server(server.Url), Token, McpHarness.Call("any"));

        Assert.Equal(effect, failure.Effect);
        Assert.Equal(1, server.Calls);
    }

    /// <summary>A server of 2025-11-25 whose tool says something, waits for the answer where there is one, and fails.</summary>
    private sealed class QuestionServer(bool onItsOwnStream, string said, int code) : IAsyncDisposable
    {
        private readonly TaskCompletionSource _answered = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly TaskCompletionSource<string> _toSay = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private RawServer _raw = null!;
        private int _calls;

        public Uri Url => _raw.Url;

        public int Calls => _calls;

        public static async Task<QuestionServer> StartAsync(bool onItsOwnStream, string said, int code)
        {
            var server = new QuestionServer(onItsOwnStream, said, code);
            server._raw = await RawServer.StartAsync(server.AnswerAsync, discovers: false);
            return server;
        }

        public ValueTask DisposeAsync() => _raw.DisposeAsync();

        private async Task AnswerAsync(HttpContext http, JsonNode message)
        {
            if (http.Request.Method == "GET")
            {
                await ListenAsync(http);
                return;
            }

            switch (message["method"]?.ToString())
            {
                case "server/discover":
                    http.Response.StatusCode = 404;
                    break;
                case "initialize":
                    await RawServer.InitializedAsync(http, message, session: "s1");
                    break;
                case "tools/call":
                    await CallAsync(http, message);
                    break;
                case "tools/list":
                    await RawServer.ResultAsync(http, message, """{"tools":[]}""");
                    break;
                default:
                    http.Response.StatusCode = 202;
                    // An answer to the question, or to what followed the progress.
                    if (message["method"] is null)
                        _answered.TrySetResult();
                    break;
            }
        }

        private async Task CallAsync(HttpContext http, JsonNode message)
        {
            Interlocked.Increment(ref _calls);
            http.Response.ContentType = "text/event-stream";
            await http.Response.Body.FlushAsync(http.RequestAborted);
            var token = message["params"]!["_meta"]!["progressToken"]!.ToJsonString();
            // A ping behind the progress: when it is answered, the progress has been heard.
            var text = said.StartsWith("notifications/", StringComparison.Ordinal)
                ? Event($$$"""{"jsonrpc":"2.0","method":"{{{said}}}","params":{"progressToken":{{{token}}},"progress":1}}""")
                    + Event("""{"jsonrpc":"2.0","id":"p","method":"ping"}""")
                : Event($$$"""{"jsonrpc":"2.0","id":"q","method":"{{{said}}}","params":{}}""");
            if (onItsOwnStream)
            {
                _toSay.TrySetResult(text);
            }
            else
            {
                await http.Response.WriteAsync(text, http.RequestAborted);
                await http.Response.Body.FlushAsync(http.RequestAborted);
            }

            await _answered.Task.WaitAsync(McpHarness.Patience);
            var id = message["id"]!.ToJsonString();
            await http.Response.WriteAsync(
                Event($$$"""{"jsonrpc":"2.0","id":{{{id}}},"error":{"code":{{{code}}},"message":"Session not found"}}"""), http.RequestAborted);
        }

        private async Task ListenAsync(HttpContext http)
        {
            http.Response.ContentType = "text/event-stream";
            await http.Response.Body.FlushAsync(http.RequestAborted);
            try
            {
                await http.Response.WriteAsync(await _toSay.Task.WaitAsync(http.RequestAborted), http.RequestAborted);
                await http.Response.Body.FlushAsync(http.RequestAborted);
                await Task.Delay(Timeout.Infinite, http.RequestAborted);
            }
            catch (OperationCanceledException)
            {
                // Closed by the client.
            }
        }

        private static string Event(string json) => $"data: {json}\n\n";
    }
}
