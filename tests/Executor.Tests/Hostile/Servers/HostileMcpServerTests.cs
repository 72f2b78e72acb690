using System.Reflection;
using System.Text.Json.Nodes;
using Executor.Credentials;
using Executor.Identity;
using Executor.Servers;
using Executor.Tests.Mcp;

namespace Executor.Tests.Hostile.Servers;

/// <summary>An MCP server may answer what it likes: a typed failure within bounds, nothing of which is told.</summary>
public sealed class HostileMcpServerTests
{
    private const long FewBytes = 32 * 1024 * 1024;

    private static readonly AccessToken Token = new("sandbox_at_of_the_caller");

    private static readonly string[] Codes =
        [.. typeof(McpFailureCodes).GetFields(BindingFlags.Public | BindingFlags.Static).Select(field => (string)field.GetRawConstantValue()!)];

    public static TheoryData<string> Answers => new(HostileAnswers.All.Keys);

    /// <summary>Results that are well-formed HTTP, as the answer to every request after the handshake.</summary>
    public static TheoryData<string> Results => new(
        "null", "[]", "\"SENTINEL-hostile\"", "0", "{}", """{"tools":null}""", """{"tools":{}}""", """{"tools":["SENTINEL-hostile"]}""",
        """{"tools":[{"name":"SENTINEL-hostile\r\nX: y"}]}""", """{"tools":[{"name":"\ud800","inputSchema":{}}]}""",
        """{"tools":[{"name":7,"inputSchema":{}}]}""", """{"tools":[{"name":"a","inputSchema":[]}]}""", """{"tools":[],"nextCursor":"\ud800"}""",
        """{"content":"SENTINEL-hostile"}""", """{"content":[{"type":"SENTINEL-hostile"}]}""", """{"content":[{"type":"text","text":"\ud800"}]}""",
        """{"content":[],"structuredContent":[]}""", """{"content":[],"isError":"SENTINEL-hostile"}""", """{"resultType":"SENTINEL-hostile","content":[]}""",
        "{\"content\":" + new string('[', 5000) + new string(']', 5000) + "}", "{\"tools\":" + new string('[', 5000) + new string(']', 5000) + "}");

    [Theory]
    [MemberData(nameof(Answers))]
    public async Task Hostile_answer_to_the_handshake_is_a_typed_failure_without_effect(string answer)
    {
        using var server = new SocketServer { Answer = HostileAnswers.All[answer] };
        await using var mcp = new McpHarness(options => options.HandshakeTimeout = options.CloseTimeout = TimeSpan.FromSeconds(2));
        var target = McpHarness.Server(new Uri($"http://127.0.0.1:{server.Port}/mcp"));

        var called = await mcp.FailAsync(target, Token, McpHarness.Call("any", timeout: TimeSpan.FromSeconds(5)));
        var listed = await mcp.FailListAsync(target, Token);

        Assert.Contains(called.Code, Codes);
        Assert.Contains(listed.Code, Codes);
        Assert.Equal(McpEffect.None, called.Effect);
        Assert.InRange(server.Written, 0, FewBytes);
        AssertNothingTold(mcp, called.Message + listed.Message);
    }

    [Theory]
    [MemberData(nameof(Results))]
    public async Task Odd_result_is_a_typed_outcome_and_leaves_the_next_caller_alone(string result)
    {
        await using var raw = await RawServer.StartAsync((http, message) =>
            message["id"] is null ? Accept(http) : RawServer.ResultAsync(http, message, result));
        await using var mcp = new McpHarness();
        var server = McpHarness.Server(raw.Url);

        var called = await mcp.Gateway.CallToolAsync(McpHarness.User(1), server, Token, McpHarness.Call("any"), CancellationToken.None);
        var listed = await mcp.Gateway.ListToolsAsync(McpHarness.User(2), server, Token, CancellationToken.None);

        foreach (var failure in new[] { (called as McpOutcome<McpToolResult>.Failed)?.Failure, (listed as McpOutcome<McpToolList>.Failed)?.Failure })
        {
            if (failure is null)
                continue;
            Assert.Contains(failure.Code, Codes);
            Assert.DoesNotContain("SENTINEL", failure.Message, StringComparison.Ordinal);
        }

        AssertNothingTold(mcp, "");
    }

    [Theory]
    [InlineData("id: {0}\nretry: 0\ndata: {{}}\n\n")]
    [InlineData("retry: 99999999999999999999\n\n")]
    [InlineData("retry: -1\nid: \0\ndata: SENTINEL-hostile\n\n")]
    [InlineData("event: SENTINEL-hostile\ndata: [[[[[[\n\n")]
    [InlineData(": SENTINEL-hostile\n\n")]
    public async Task Odd_event_stream_is_a_typed_failure_and_not_followed_for_ever(string events)
    {
        var requests = 0;
        await using var raw = await RawServer.StartAsync(async (http, message) =>
        {
            Interlocked.Increment(ref requests);
            if (http.Request.Method == "POST" && message["id"] is null)
            {
                await Accept(http);
                return;
            }

            http.Response.ContentType = "text/event-stream";
            await http.Response.Body.WriteAsync(System.Text.Encoding.UTF8.GetBytes(string.Format(null, events, requests)));
        });
        await using var mcp = new McpHarness();

        var failure = await mcp.FailAsync(McpHarness.Server(raw.Url), Token, McpHarness.Call("any", timeout: TimeSpan.FromSeconds(3)));

        Assert.Contains(failure.Code, Codes);
        Assert.InRange(requests, 1, 100);
        AssertNothingTold(mcp, failure.Message);
    }

    private static void AssertNothingTold(McpHarness mcp, string told)
    {
        Assert.DoesNotContain("SENTINEL", told, StringComparison.Ordinal);
        Assert.DoesNotContain(mcp.Logs.Lines, line => line.Text.Contains(Token.Value, StringComparison.Ordinal) || line.Text.Contains("of_another_user", StringComparison.Ordinal));
    }

    private static Task Accept(Microsoft.AspNetCore.Http.HttpContext http)
    {
        http.Response.StatusCode = 202;
        return Task.CompletedTask;
    }
}
