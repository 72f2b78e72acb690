using Executor.Credentials;
using Executor.Sandbox.Mcp;
using Executor.Sandbox.OAuth;
using Executor.Servers;
using AccessToken = Executor.Credentials.AccessToken;

namespace Executor.Tests.Mcp;

public sealed class McpGatewayTests
{
    [Theory]
    [InlineData(McpProtocol.Stateless)]
    [InlineData(McpProtocol.Sessions)]
    public async Task Listing_returns_schemas_and_annotations_over_all_pages(McpProtocol protocol)
    {
        await using var sandbox = await McpHarness.SandboxAsync(protocol, new() { ToolCount = 23, ToolPageSize = 5 });
        await using var mcp = new McpHarness();

        var tools = await mcp.ListAsync(McpHarness.Server(sandbox.McpEndpoint), new AccessToken(sandbox.OAuth.Mint().AccessToken));

        Assert.Equal(23, tools.Select(t => t.Name).Distinct(StringComparer.Ordinal).Count());
        Assert.Equal("number", tools.Single(t => t.Name == "add").InputSchema.GetProperty("properties").GetProperty("a").GetProperty("type").GetString());
        Assert.True(tools.Single(t => t.Name == "add").IsRepeatable);
        Assert.False(tools.Single(t => t.Name == "create").IsRepeatable);
    }

    [Theory]
    [InlineData(McpProtocol.Stateless)]
    [InlineData(McpProtocol.Sessions)]
    public async Task Call_returns_the_result_as_the_server_sent_it_and_carries_the_idempotency_key(McpProtocol protocol)
    {
        await using var sandbox = await McpHarness.SandboxAsync(protocol);
        await using var mcp = new McpHarness();

        var result = await mcp.CallAsync(
            McpHarness.Server(sandbox.McpEndpoint), new AccessToken(sandbox.OAuth.Mint().AccessToken), McpHarness.Call("create", new { name = "Ada" }, key: "run/0"));

        Assert.False(result.IsError);
        Assert.Equal("Ada", result.Result.GetProperty("structuredContent").GetProperty("name").GetString());
        Assert.Equal(1, sandbox.Mcp.Effects["run/0"]);
    }

    [Theory]
    [InlineData(McpProtocol.Stateless)]
    [InlineData(McpProtocol.Sessions)]
    public async Task Call_on_a_warm_connection_costs_one_request(McpProtocol protocol)
    {
        await using var sandbox = await McpHarness.SandboxAsync(protocol);
        await using var mcp = new McpHarness();
        var server = McpHarness.Server(sandbox.McpEndpoint);
        var token = new AccessToken(sandbox.OAuth.Mint().AccessToken);
        await mcp.ListAsync(server, token);

        var before = sandbox.Mcp.Counters.Requests;
        await mcp.CallAsync(server, token, McpHarness.Call("echo", new { text = "a" }));
        await mcp.ListAsync(server, token);

        Assert.Equal(2, sandbox.Mcp.Counters.Requests - before);
    }

    [Theory]
    [InlineData(McpProtocol.Stateless, new[] { "tools/list" })]
    [InlineData(McpProtocol.Sessions, new[] { "initialize", "notifications/initialized", "tools/list" })]
    public async Task Second_connection_to_a_server_needs_no_probe(McpProtocol protocol, string[] expected)
    {
        await using var sandbox = await McpHarness.SandboxAsync(protocol);
        await using var mcp = new McpHarness();
        var server = McpHarness.Server(sandbox.McpEndpoint);
        await mcp.ListAsync(server, new AccessToken(sandbox.OAuth.Mint().AccessToken), user: 1);

        var position = sandbox.Mcp.Journal.Position;
        await mcp.ListAsync(server, new AccessToken(sandbox.OAuth.Mint().AccessToken), user: 2);

        Assert.Equal(expected, sandbox.Mcp.Journal.Read(position).Select(r => r.Method));
    }

    [Fact]
    public async Task Server_taken_back_to_an_older_protocol_is_negotiated_with_anew()
    {
        await using var mcp = new McpHarness();
        int port;
        await using (var newer = await McpHarness.SandboxAsync(McpProtocol.Stateless, new() { McpAuth = McpAuth.None }))
        {
            port = newer.BaseAddress.Port;
            await mcp.ListAsync(McpHarness.Server(newer.McpEndpoint, new McpServerAuth.None()), null, user: 1);
        }

        await using var older = await McpHarness.SandboxAsync(McpProtocol.Sessions, new() { McpAuth = McpAuth.None, Port = port });
        var server = McpHarness.Server(older.McpEndpoint, new McpServerAuth.None());

        Assert.NotEmpty(await mcp.ListAsync(server, null, user: 2));
        await mcp.CallAsync(server, null, McpHarness.Call("create", key: "k"), user: 3);
        Assert.Equal(1, older.Mcp.Effects["k"]);
    }

    [Theory]
    [InlineData(McpProtocol.Stateless)]
    [InlineData(McpProtocol.Sessions)]
    public async Task Every_request_of_64_concurrent_users_carries_its_own_users_token(McpProtocol protocol)
    {
        await using var sandbox = await McpHarness.SandboxAsync(protocol);
        await using var mcp = new McpHarness();
        var server = McpHarness.Server(sandbox.McpEndpoint);
        var grants = Enumerable.Range(1, 64).ToDictionary(i => (long)i, i => sandbox.OAuth.Mint(new MintGrant { User = $"user-{i}" }));

        await Task.WhenAll(grants.Select(g => Task.Run(async () =>
        {
            for (var n = 0; n < 12; n++)
            {
                var call = McpHarness.Call("echo", new { text = $"user-{g.Key}" });
                await mcp.CallAsync(server, new AccessToken(g.Value.AccessToken), call, g.Key);
                if (n % 4 == 0)
                    await mcp.ListAsync(server, new AccessToken(g.Value.AccessToken), g.Key);
            }
        })));

        var calls = sandbox.Mcp.Journal.Read(where: r => r.Method == "tools/call");
        Assert.Equal(64 * 12, calls.Count);
        Assert.All(calls, call => Assert.Equal(call.Arguments!["text"]!.ToString(), call.User));
        Assert.All(
            sandbox.Mcp.Journal.Read(where: r => r.SessionId is not null).GroupBy(r => r.SessionId, StringComparer.Ordinal),
            session => Assert.Single(session.Select(r => r.User).Distinct(StringComparer.Ordinal)));
        Assert.Equal(0, sandbox.Mcp.Counters.Refused);
    }

    [Fact]
    public async Task Headers_of_the_servers_file_are_sent_and_the_users_bearer_replaces_any_authorization()
    {
        var seen = new List<(string Authorization, string Custom)>();
        await using var raw = await RawServer.StartAsync(async (http, message) =>
        {
            seen.Add((http.Request.Headers.Authorization.ToString(), http.Request.Headers["X-Tenant"].ToString()));
            await RawServer.ResultAsync(http, message, """{"tools":[]}""");
        });
        await using var mcp = new McpHarness();
        var server = McpHarness.Server(raw.Url, null, ("x-tenant", "blue"), ("authorization", "Basic c3RhdGlj"));

        await mcp.ListAsync(server, new AccessToken("mine"));
        await mcp.ListAsync(server, null);

        Assert.Equal([("Bearer mine", "blue"), ("Basic c3RhdGlj", "blue")], seen);
    }

    [Fact]
    public async Task Result_that_speaks_of_401_is_an_ordinary_result()
    {
        await using var sandbox = await McpHarness.SandboxAsync();
        await using var mcp = new McpHarness();
        var server = McpHarness.Server(sandbox.McpEndpoint);
        var token = new AccessToken(sandbox.OAuth.Mint().AccessToken);

        Assert.False((await mcp.CallAsync(server, token, McpHarness.Call("unauthorized"))).IsError);
        Assert.True((await mcp.CallAsync(server, token, McpHarness.Call("unauthorized", new { isError = true }))).IsError);
        Assert.Equal(2, sandbox.Mcp.Counters.ToolCalls);
    }
}
