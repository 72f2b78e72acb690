using System.Net;
using System.Text.Json;
using Executor.Sandbox;
using Executor.Sandbox.Mcp;
using ModelContextProtocol;
using ModelContextProtocol.Client;
using ModelContextProtocol.Protocol;

namespace Executor.Tests.Sandbox;

/// <summary>What holds in both protocol modes.</summary>
public abstract class McpServerTests : SandboxTest
{
    protected abstract McpProtocol Protocol { get; }

    protected override SandboxOptions Options => new() { McpProtocol = Protocol };

    [Fact]
    public async Task Sdk_client_lists_and_calls_tools()
    {
        var grant = Host.OAuth.Mint();
        await using var client = await ConnectAsync(grant.AccessToken);

        var tools = await client.ListToolsAsync();
        var found = await client.CallToolAsync("search", new Dictionary<string, object?> { ["query"] = "tea" });

        Assert.True(tools.Single(t => t.Name == "echo").ProtocolTool.Annotations!.ReadOnlyHint);
        Assert.True(tools.Single(t => t.Name == "create").ProtocolTool.Annotations!.DestructiveHint);
        Assert.Equal("tea-1", found.StructuredContent!.Value.GetProperty("items")[0].GetProperty("id").GetString());
        var call = Host.Mcp.Journal.Read(where: r => r.Tool == "search").Single();
        Assert.Equal((grant.GrantId, grant.AccessToken, McpStage.Answered), (call.GrantId, call.Token, call.Stage));
        Assert.Equal("tea", call.Arguments!["query"]!.GetValue<string>());
        Assert.Equal(Protocol == McpProtocol.Stateless ? "2026-07-28" : "2025-11-25", call.ProtocolVersion);
    }

    [Fact]
    public async Task Revoked_access_token_is_answered_with_401_and_a_fresh_one_works()
    {
        var grant = Host.OAuth.Mint();
        await using var client = await ConnectAsync(grant.AccessToken);
        await client.CallToolAsync("echo");
        Host.OAuth.RevokeAccessTokens(grant.GrantId);

        var refused = await Assert.ThrowsAsync<HttpRequestException>(async () => await client.CallToolAsync("echo"));
        Assert.Equal(HttpStatusCode.Unauthorized, refused.StatusCode);
        Assert.Equal(1, Host.Mcp.Counters.Refused);

        var fresh = await Client.RefreshAsync(grant.RefreshToken);
        await using var second = await ConnectAsync(fresh.AccessToken!);
        Assert.False((await second.CallToolAsync("echo")).IsError ?? false);
    }

    [Fact]
    public async Task Fault_meets_the_next_call_of_its_tool_and_then_the_call_works()
    {
        await using var client = await ConnectAsync(Host.OAuth.Mint().AccessToken);
        Host.Mcp.SetFault(new McpFault(McpFaultKind.Unauthorized) { Tool = "create", AfterExecuting = true });

        await client.CallToolAsync("echo");
        var refused = await Assert.ThrowsAsync<HttpRequestException>(() => CreateAsync(client, "k1"));
        await CreateAsync(client, "k1");

        Assert.Equal(HttpStatusCode.Unauthorized, refused.StatusCode);
        Assert.Equal(2, Host.Mcp.Effects["k1"]);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Hanging_request_goes_on_when_released(bool afterExecuting)
    {
        await using var client = await ConnectAsync(Host.OAuth.Mint().AccessToken);
        Host.Mcp.SetFault(new McpFault(McpFaultKind.Hang) { Tool = "create", AfterExecuting = afterExecuting });
        var pending = CreateAsync(client, "k1");

        var held = Assert.Single(await Host.Mcp.WaitForHeldAsync());
        Assert.Equal(afterExecuting, held.Executed);
        Host.Mcp.Release(held.Sequence);

        Assert.Equal(1, (await pending).StructuredContent!.Value.GetProperty("times").GetInt32());
    }

    [Theory]
    [InlineData(McpFaultKind.Forbidden, HttpStatusCode.Forbidden)]
    [InlineData(McpFaultKind.ServerError, HttpStatusCode.InternalServerError)]
    public async Task Fault_of_a_method_answers_with_its_status(McpFaultKind kind, HttpStatusCode status)
    {
        await using var client = await ConnectAsync(Host.OAuth.Mint().AccessToken);
        Host.Mcp.SetFault(new McpFault(kind) { Method = RequestMethods.ToolsList });

        var refused = await Assert.ThrowsAsync<HttpRequestException>(async () => await client.ListToolsAsync());

        Assert.Equal(status, refused.StatusCode);
        Assert.NotEmpty(await client.ListToolsAsync());
    }

    [Fact]
    public async Task Crash_has_its_effect_and_no_answer()
    {
        await using var client = await ConnectAsync(Host.OAuth.Mint().AccessToken);

        await Assert.ThrowsAnyAsync<Exception>(async () => await client.CallToolAsync("crash").AsTask().WaitAsync(TimeSpan.FromSeconds(10)));

        Assert.Equal(1, Host.Mcp.Effects[""]);
        Assert.Equal(McpStage.Aborted, Host.Mcp.Journal.Read(where: r => r.Tool == "crash").Single().Stage);
    }

    [Fact]
    public async Task Waiting_call_answers_when_released_and_counts_concurrency()
    {
        await using var client = await ConnectAsync(Host.OAuth.Mint().AccessToken);
        var calls = new[] { client.CallToolAsync("wait").AsTask(), client.CallToolAsync("wait").AsTask() };
        await Host.Mcp.WaitForHeldAsync(2);

        Assert.Equal((2, 2), (Host.Mcp.Counters.Concurrency, Host.Mcp.Counters.MaxConcurrency));
        Assert.Equal(2, Host.Mcp.Release());

        await Task.WhenAll(calls);
        Assert.Equal(0, Host.Mcp.Counters.Concurrency);
    }

    [Fact]
    public async Task Cancelled_notification_ends_the_waiting_call_and_is_recorded()
    {
        await using var client = await ConnectAsync(Host.OAuth.Mint().AccessToken);
        using var giveUp = new CancellationTokenSource();
        var id = new RequestId("call-to-cancel");
        var parameters = JsonSerializer.SerializeToNode(new CallToolRequestParams { Name = "wait" }, McpJsonUtilities.DefaultOptions);
        var pending = client.SendRequestAsync(
            new JsonRpcRequest { Id = id, Method = RequestMethods.ToolsCall, Params = parameters }, giveUp.Token);
        await Host.Mcp.WaitForHeldAsync();

        await client.SendNotificationAsync(NotificationMethods.CancelledNotification, new CancelledNotificationParams { RequestId = id });
        var cancelled = Assert.Single(await Host.Mcp.WaitForRequestsAsync(r => r.Cancelled));

        Assert.Equal("wait", cancelled.Tool);
        Assert.False(cancelled.Executed);
        Assert.Equal((1, 0), (Host.Mcp.Counters.Cancellations, Host.Mcp.Counters.Concurrency));
        await giveUp.CancelAsync();
        await Assert.ThrowsAnyAsync<Exception>(() => pending);
    }

    [Fact]
    public async Task Business_text_about_401_comes_with_status_200()
    {
        await using var client = await ConnectAsync(Host.OAuth.Mint().AccessToken);

        var answer = await client.CallToolAsync("unauthorized", new Dictionary<string, object?> { ["isError"] = true });

        Assert.True(answer.IsError);
        Assert.Contains("401", Assert.IsType<TextContentBlock>(answer.Content[0]).Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Tool_list_grows_to_the_count_asked_for()
    {
        Host.Mcp.ToolCount = 1200;
        await using var client = await ConnectAsync(Host.OAuth.Mint().AccessToken);

        var tools = await client.ListToolsAsync();

        Assert.Equal(1200, tools.Select(t => t.Name).Distinct(StringComparer.Ordinal).Count());
        Assert.False((await client.CallToolAsync(tools[^1].Name)).IsError ?? false);
    }

    private protected async Task<McpClient> ConnectAsync(string token)
    {
        var transport = new HttpClientTransport(new HttpClientTransportOptions
        {
            Endpoint = Host.McpEndpoint,
            TransportMode = HttpTransportMode.StreamableHttp,
            EnableStandaloneGetStream = false,
            AdditionalHeaders = new Dictionary<string, string>(StringComparer.Ordinal) { ["Authorization"] = $"Bearer {token}" },
        });
        return await McpClient.CreateAsync(transport);
    }

    private static async Task<CallToolResult> CreateAsync(McpClient client, string key) =>
        await client.CallToolAsync(new CallToolRequestParams
        {
            Name = "create",
            Meta = new System.Text.Json.Nodes.JsonObject { ["executor/idempotencyKey"] = key },
        });
}

public sealed class StatelessMcpServerTests : McpServerTests
{
    protected override McpProtocol Protocol => McpProtocol.Stateless;
}

public sealed class SessionMcpServerTests : McpServerTests
{
    protected override McpProtocol Protocol => McpProtocol.Sessions;

    [Fact]
    public async Task Session_is_counted_and_ended_by_the_client()
    {
        var client = await ConnectAsync(Host.OAuth.Mint().AccessToken);
        await client.ListToolsAsync();
        Assert.Equal(1, Host.Mcp.Counters.OpenSessions);

        await client.DisposeAsync();

        Assert.Equal((0, 0, 1), (Host.Mcp.Counters.OpenSessions, Host.Mcp.Counters.OpenStreams, Host.Mcp.Counters.SessionsOpened));
    }

    [Fact]
    public async Task Session_forgotten_by_the_server_is_answered_with_404()
    {
        await using var client = await ConnectAsync(Host.OAuth.Mint().AccessToken);
        await Host.Mcp.CloseSessionsAsync();

        await Assert.ThrowsAnyAsync<Exception>(async () => await client.CallToolAsync("echo"));

        using var http = new HttpClient();
        using var request = new HttpRequestMessage(HttpMethod.Get, Host.McpEndpoint);
        request.Headers.Add("Mcp-Session-Id", "no-such-session");
        request.Headers.Add("Authorization", $"Bearer {Host.OAuth.Mint().AccessToken}");
        using var response = await http.SendAsync(request);
        Assert.Equal(HttpStatusCode.NotFound, response.StatusCode);
    }
}
