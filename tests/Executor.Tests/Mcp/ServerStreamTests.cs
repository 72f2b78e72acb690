using System.Collections.Concurrent;
using System.Text.Json.Nodes;
using System.Threading.Channels;
using Executor.Credentials;
using Executor.Servers;
using Microsoft.AspNetCore.Http;

namespace Executor.Tests.Mcp;

/// <summary>What a server of 2025 asks, and tells, in the middle of a call: on its own stream or on that of the call.</summary>
public sealed class ServerStreamTests
{
    private static readonly AccessToken Token = new("token");

    [Theory]
    [InlineData("elicitation/create", true, -32601)]
    [InlineData("sampling/createMessage", true, -32601)]
    [InlineData("roots/list", true, -32601)]
    [InlineData("something/new", true, -32601)]
    [InlineData("ping", true, null)]
    [InlineData("elicitation/create", false, -32601)]
    [InlineData("sampling/createMessage", false, -32601)]
    [InlineData("ping", false, null)]
    public async Task Question_in_the_middle_of_a_call_is_answered_at_once(string method, bool onItsOwnStream, int? code)
    {
        await using var server = await AskingServer.StartAsync();
        server.OnCall = async (call, ask) =>
        {
            var answer = await ask(method, onItsOwnStream);
            Assert.Equal(code, (int?)answer["error"]?["code"]);
            await call("""{"content":[]}""");
        };
        await using var mcp = new McpHarness();

        Assert.False((await mcp.CallAsync(server.Target, Token, McpHarness.Call("any"))).IsError);
        // And again, on the stream that is still open.
        Assert.False((await mcp.CallAsync(server.Target, Token, McpHarness.Call("any"))).IsError);
        Assert.Equal(1, server.Streams);
    }

    [Theory]
    [InlineData(405, 1)]
    [InlineData(404, 2)]
    [InlineData(400, 2)]
    public async Task Server_without_such_a_stream_is_called_all_the_same_and_not_asked_each_time(int status, int asked)
    {
        await using var server = await AskingServer.StartAsync();
        server.StreamStatus = status;
        server.OnCall = (call, _) => call("""{"content":[]}""");
        await using var mcp = new McpHarness();

        foreach (var user in new[] { 1, 1, 2, 2 })
            await mcp.CallAsync(server.Target, Token, McpHarness.Call("any"), user);

        Assert.Equal(asked, server.Streams);
    }

    [Fact]
    public async Task Stream_that_shows_no_sign_of_life_holds_no_call_up()
    {
        await using var server = await AskingServer.StartAsync();
        server.IsSilent = true;
        server.OnCall = (call, _) => call("""{"content":[]}""");
        await using var mcp = new McpHarness();

        await mcp.CallAsync(server.Target, Token, McpHarness.Call("any", timeout: TimeSpan.FromSeconds(10)));
    }

    [Fact]
    public async Task Stream_that_shows_no_sign_of_life_is_waited_for_once()
    {
        await using var server = await AskingServer.StartAsync();
        server.IsSilent = true;
        server.OnCall = (call, _) => call("""{"content":[]}""");
        await using var mcp = new McpHarness();
        var began = Environment.TickCount64;

        for (var i = 0; i < 12; i++)
            await mcp.CallAsync(server.Target, Token, McpHarness.Call("any"));

        // Half a second each it was.
        Assert.InRange(Environment.TickCount64 - began, 0, 5_000);
    }

    [Theory]
    [InlineData("""{"jsonrpc":"2.0","id":"\ud800","method":"elicitation/create"}""")]
    [InlineData("""{"jsonrpc":"2.0","method":"\ud800"}""")]
    [InlineData("""{"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":"\ud800","progress":1}}""")]
    [InlineData("""{"jsonrpc":"2.0","\ud800":1,"method":7}""")]
    [InlineData("[[1],7,null]")]
    [InlineData("nonsense")]
    public async Task Odd_event_ends_neither_the_stream_nor_the_session(string text)
    {
        await using var server = await AskingServer.StartAsync();
        server.OnCall = async (call, ask) =>
        {
            server.Tell(text);
            Assert.NotNull((await ask("elicitation/create", true))["error"]);
            await call("""{"content":[]}""");
        };
        var mcp = new McpHarness();

        await mcp.CallAsync(server.Target, Token, McpHarness.Call("any"));
        await mcp.DisposeAsync();

        Assert.Equal((1, 1), (server.Streams, server.Ended));
    }

    [Theory]
    [InlineData("zstd")]
    [InlineData("gzip")]
    public async Task Stream_that_cannot_be_read_leaves_no_session_open(string encoding)
    {
        await using var server = await AskingServer.StartAsync();
        server.StreamEncoding = encoding;
        server.Tell("{}");
        server.OnCall = async (call, _) =>
        {
            await McpHarness.EventuallyAsync(() => server.Streams >= 2, "The stream should have been asked for again.");
            await call("""{"content":[]}""");
        };
        var mcp = new McpHarness();

        await mcp.CallAsync(server.Target, Token, McpHarness.Call("any"));
        await mcp.DisposeAsync();

        Assert.Equal(1, server.Ended);
        Assert.DoesNotContain(mcp.Logs.Lines, line => line.Level >= Microsoft.Extensions.Logging.LogLevel.Warning);
    }

    [Fact]
    public async Task Call_beside_another_listens_anew_where_the_stream_was_refused()
    {
        await using var server = await AskingServer.StartAsync();
        server.StreamStatus = 401;
        var both = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var calls = 0;
        server.OnCall = async (call, ask) =>
        {
            if (Interlocked.Increment(ref calls) == 1)
            {
                await both.Task;
            }
            else
            {
                Assert.NotNull((await ask("elicitation/create", true))["error"]);
                both.SetResult();
            }

            await call("""{"content":[]}""");
        };
        await using var mcp = new McpHarness();

        var first = mcp.CallAsync(server.Target, Token, McpHarness.Call("any"));
        await McpHarness.EventuallyAsync(() => calls == 1, "The first call should have come.");
        server.StreamStatus = 200;
        await mcp.CallAsync(server.Target, Token, McpHarness.Call("any"));

        await first;
    }

    [Fact]
    public async Task Stream_that_breaks_is_opened_again_while_the_call_lasts()
    {
        await using var server = await AskingServer.StartAsync();
        server.BreaksOnce = true;
        server.OnCall = async (call, ask) =>
        {
            await McpHarness.EventuallyAsync(() => server.Streams >= 2, "The stream should have been opened again.");
            Assert.NotNull((await ask("elicitation/create", true))["error"]);
            await call("""{"content":[]}""");
        };
        await using var mcp = new McpHarness();

        await mcp.CallAsync(server.Target, Token, McpHarness.Call("any"));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Progress_gives_the_call_more_time_and_is_passed_on(bool onItsOwnStream)
    {
        await using var server = await AskingServer.StartAsync();
        server.OnCall = async (call, ask) =>
        {
            for (var i = 1; i <= 10; i++)
            {
                await Task.Delay(400);
                await ask($"notifications/progress {i}", onItsOwnStream);
            }

            await call("""{"content":[]}""");
        };
        await using var mcp = new McpHarness();
        var heard = new ConcurrentQueue<McpProgress>();

        var call = McpHarness.Call("any", timeout: TimeSpan.FromSeconds(2)) with { Longest = TimeSpan.FromSeconds(60), OnProgress = heard.Enqueue };
        await mcp.CallAsync(server.Target, Token, call);

        // What is said together with the result may come too late.
        await McpHarness.EventuallyAsync(() => heard.Count >= 9, "Each progress should have been heard.");
        Assert.Contains(new McpProgress(9, 20, "step 9"), heard);
    }

    [Fact]
    public async Task Progress_without_an_end_gives_no_more_time_than_the_longest()
    {
        await using var server = await AskingServer.StartAsync();
        server.OnCall = async (_, ask) =>
        {
            for (var i = 1; ; i++)
            {
                await ask($"notifications/progress {i}", false);
                await Task.Delay(100);
            }
        };
        await using var mcp = new McpHarness();
        var began = Environment.TickCount64;

        var failure = await mcp.FailAsync(
            server.Target, Token, McpHarness.Call("any", timeout: TimeSpan.FromSeconds(2)) with { Longest = TimeSpan.FromSeconds(4) });

        Assert.Equal((McpFailureCodes.TimedOut, McpEffect.Unknown), (failure.Code, failure.Effect));
        Assert.InRange(Environment.TickCount64 - began, 3_900, 20_000);
    }

    /// <param name="method">With a number behind it: that progress. Else a request, whose answer is returned.</param>
    private delegate Task<JsonNode> Ask(string method, bool onItsOwnStream);

    /// <summary>A server of 2025-11-25 with a session, whose tool does what a test says.</summary>
    private sealed class AskingServer : IAsyncDisposable
    {
        private readonly ConcurrentDictionary<string, TaskCompletionSource<JsonNode>> _asked = new();
        private readonly Channel<string> _unasked = Channel.CreateUnbounded<string>();
        private RawServer _raw = null!;
        private int _streams;
        private int _ended;

        public McpServer Target => McpHarness.Server(_raw.Url);

        public Func<Func<string, Task>, Ask, Task> OnCall { get; set; } = (_, _) => Task.CompletedTask;

        public int StreamStatus { get; set; } = 200;

        public bool IsSilent { get; set; }

        public bool BreaksOnce { get; set; }

        public string? StreamEncoding { get; set; }

        public int Streams => _streams;

        /// <summary>Sessions that the client has ended.</summary>
        public int Ended => _ended;

        public static async Task<AskingServer> StartAsync()
        {
            var server = new AskingServer();
            server._raw = await RawServer.StartAsync(server.AnswerAsync, discovers: false);
            return server;
        }

        public void Tell(string text) => _unasked.Writer.TryWrite(text);

        public ValueTask DisposeAsync() => _raw.DisposeAsync();

        private async Task AnswerAsync(HttpContext http, JsonNode message)
        {
            if (http.Request.Method == "GET")
            {
                await StreamAsync(http);
                return;
            }

            if (http.Request.Method == "DELETE")
            {
                Interlocked.Increment(ref _ended);
                return;
            }

            switch (message["method"]?.ToString())
            {
                case "server/discover":
                    http.Response.StatusCode = 404;
                    break;
                case "initialize":
                    await RawServer.InitializedAsync(http, message, session: Guid.NewGuid().ToString("N"));
                    break;
                case "tools/call":
                    await CallAsync(http, message);
                    break;
                case null when message["id"] is { } id && _asked.TryRemove(id.ToString(), out var asked):
                    asked.TrySetResult(message);
                    http.Response.StatusCode = 202;
                    break;
                default:
                    http.Response.StatusCode = 202;
                    break;
            }
        }

        private async Task CallAsync(HttpContext http, JsonNode message)
        {
            Assert.NotEqual("", http.Request.Headers["Mcp-Session-Id"].ToString());
            http.Response.ContentType = "text/event-stream";
            await http.Response.Body.FlushAsync(http.RequestAborted);
            var id = message["id"]!.ToJsonString();
            var token = message["params"]!["_meta"]!["progressToken"]!.ToJsonString();
            await OnCall(
                result => http.Response.WriteAsync($$$"""data: {"jsonrpc":"2.0","id":{{{id}}},"result":{{{result}}}}""" + "\n\n", http.RequestAborted),
                AskAsync);

            async Task<JsonNode> AskAsync(string method, bool onItsOwnStream)
            {
                var name = method.Split(' ');
                var question = Guid.NewGuid().ToString("N");
                var answer = _asked[question] = new TaskCompletionSource<JsonNode>(TaskCreationOptions.RunContinuationsAsynchronously);
                var text = name.Length == 2
                    ? $$$"""{"jsonrpc":"2.0","method":"{{{name[0]}}}","params":{"progressToken":{{{token}}},"progress":{{{name[1]}}},"total":20,"message":"step {{{name[1]}}}"}}"""
                    : $$$"""{"jsonrpc":"2.0","id":"{{{question}}}","method":"{{{method}}}","params":{}}""";
                if (onItsOwnStream)
                    _unasked.Writer.TryWrite(text);
                else
                {
                    await http.Response.WriteAsync($"data: {text}\n\n", http.RequestAborted);
                    await http.Response.Body.FlushAsync(http.RequestAborted);
                }

                return name.Length == 2 ? message : await answer.Task.WaitAsync(McpHarness.Patience);
            }
        }

        private async Task StreamAsync(HttpContext http)
        {
            var stream = Interlocked.Increment(ref _streams);
            if (StreamStatus != 200)
            {
                http.Response.StatusCode = StreamStatus;
                return;
            }

            Assert.Contains("text/event-stream", http.Request.Headers.Accept.ToString(), StringComparison.Ordinal);
            http.Response.ContentType = "text/event-stream";
            if (StreamEncoding is { } encoding)
                http.Response.Headers.ContentEncoding = encoding;
            if (!IsSilent)
                await http.Response.Body.FlushAsync(http.RequestAborted);
            if (BreaksOnce && stream == 1)
                return;
            try
            {
                await foreach (var text in _unasked.Reader.ReadAllAsync(http.RequestAborted))
                {
                    await http.Response.WriteAsync($"data: {text}\n\n", http.RequestAborted);
                    await http.Response.Body.FlushAsync(http.RequestAborted);
                }
            }
            catch (OperationCanceledException)
            {
                // Closed by the client.
            }
        }
    }
}
