using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Executor.Sandbox;
using Executor.Testing.Secrets;
using Executor.Tests.Http.Fakes;
using Executor.Tests.Infrastructure;

namespace Executor.Tests.Server;

/// <summary>A node as a process, with a real OAuth server and a real MCP server, on a real file.</summary>
public sealed class NodeLifeTests : IAsyncLifetime, IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("executor-");
    private readonly HttpClient _http = new(new WatchedAnswers(new SocketsHttpHandler()));
    private SandboxHost _sandbox = null!;

    public async Task InitializeAsync()
    {
        _sandbox = await SandboxHost.StartAsync();
        await File.WriteAllTextAsync(
            ServersFile,
            $$$$$"""{"mcpServers":{"crm":{"url":"{{{{{_sandbox.McpEndpoint}}}}}","auth":{"type":"oauth2","tokenEndpoints":["{{{{{_sandbox.TokenEndpoint}}}}}"]}}}}""");
    }

    public async Task DisposeAsync()
    {
        await _sandbox.DisposeAsync();
        _directory.Delete(recursive: true);
    }

    public void Dispose() => _http.Dispose();

    [Fact]
    public async Task Run_parks_wakes_on_the_deposit_is_drained_and_is_there_after_a_restart()
    {
        string run;
        using (var node = StartNode())
        {
            var address = await node.AddressAsync();
            run = await StartRunAsync(address);
            Assert.Equal("awaiting-input", (await WaitForAsync(address, run, status => status == "awaiting-input")).Text("status"));
            using (var tools = await SendAsync(HttpMethod.Get, new Uri(address, "/list-mcp-tools?mcpServerId=crm")))
                Assert.Equal(HttpStatusCode.Conflict, tools.StatusCode);

            await DepositAsync(address);
            await _sandbox.Mcp.WaitForHeldAsync(timeout: Patience);
            using (var tools = await SendAsync(HttpMethod.Get, new Uri(address, "/list-mcp-tools?mcpServerId=crm")))
                Assert.Contains("inputSchema", await tools.Content.ReadAsStringAsync(), StringComparison.Ordinal);

            node.Terminate();
            await WaitForDrainingAsync(address);
            using (var ready = await _http.GetAsync(new Uri(address, "/readyz")))
                Assert.Equal(HttpStatusCode.ServiceUnavailable, ready.StatusCode);
            _sandbox.Mcp.Release();
            Assert.Equal(0, await node.ExitCodeAsync());
            Assert.Equal("", node.Errors);
            foreach (var told in new[]
            {
                "The node runs: version ", "SQLite file ", "MCP servers: crm; it listens at http://127.0.0.1:",
                " of user 42 starts: 2 steps, the first at crm\"", " of user 42 parks at step 0: needs-oauth-reauth, crm\"",
                "The credential of user 42 at crm was deposited\"", "The node stops, ", "The node has stopped, after ",
            })
            {
                Assert.Single(node.Output.Split('\n'), line => line.Contains(told, StringComparison.Ordinal));
            }
        }

        using var again = StartNode();
        var done = await WaitForAsync(await again.AddressAsync(), run, status => status is "succeeded" or "failed");
        Assert.Equal("succeeded", done.Text("status"));
        Assert.All(done.GetProperty("steps").EnumerateArray(), step => Assert.Equal("succeeded", step.Text("status")));
        again.Terminate();
        Assert.Equal(0, await again.ExitCodeAsync());
        Assert.Single(again.Output.Split('\n'), line => line.Contains(" of user 42 succeeded, after ", StringComparison.Ordinal));
    }

    [Fact]
    public async Task First_interrupt_says_what_is_waited_for_and_the_second_ends_the_node_at_once()
    {
        using var node = StartNode();
        var address = await node.AddressAsync();
        await StartRunAsync(address);
        await DepositAsync(address);
        await _sandbox.Mcp.WaitForHeldAsync(timeout: Patience);

        node.Interrupt();
        await WaitForDrainingAsync(address);
        node.Interrupt();

        Assert.Equal(130, await node.ExitCodeAsync(within: TimeSpan.FromSeconds(20)));
        Assert.Contains("waits for 1 running steps, 30 s at most", node.Output, StringComparison.Ordinal);
        Assert.Contains("Interrupted again", node.Errors, StringComparison.Ordinal);
        _sandbox.Mcp.Release();
    }

    private string ServersFile => Path.Combine(_directory.FullName, "servers.json");

    private NodeProcess StartNode() => NodeProcess.Start(
        ["--http-port", "0", "--http-host", "127.0.0.1"],
        ("EXECUTOR_AUTH_SECRET", TestTokens.Secret),
        ("EXECUTOR_ENCRYPTION_KEY", TestTokens.EncryptionKey),
        ("EXECUTOR_MCP_SERVERS", ServersFile),
        ("EXECUTOR_DATABASE_PATH", Path.Combine(_directory.FullName, "node.db")),
        ("ASPNETCORE_ENVIRONMENT", "Development"));

    private async Task<string> StartRunAsync(Uri address)
    {
        using var response = await SendAsync(HttpMethod.Post, new Uri(address, "/runs"), new
        {
            name = "greet",
            input = new { customer = "Ada" },
            steps = new object[]
            {
                new { id = "hold", type = "mcp", mcpServerId = "crm", tool = "wait", arguments = new { } },
                new { id = "note", type = "mcp", mcpServerId = "crm", tool = "echo", arguments = new { message = "Hello {{ input.customer }}" } },
            },
        });
        Assert.Equal(HttpStatusCode.Created, response.StatusCode);
        return response.Headers.Location!.ToString();
    }

    private async Task DepositAsync(Uri address)
    {
        using var response = await SendAsync(HttpMethod.Post, new Uri(address, "/mcp-oauth-credentials"), new
        {
            mcpServerId = "crm",
            refreshToken = _sandbox.OAuth.Mint().RefreshToken,
            clientId = "sandbox-client",
            tokenEndpoint = _sandbox.TokenEndpoint.ToString(),
        });
        Assert.Equal("""{"stored":true}""", await response.Content.ReadAsStringAsync());
    }

    private async Task<JsonElement> WaitForAsync(Uri address, string run, Func<string?, bool> isThere)
    {
        using var limit = new CancellationTokenSource(Patience);
        while (true)
        {
            using var response = await SendAsync(HttpMethod.Get, new Uri(address, run));
            var body = await response.JsonAsync();
            if (isThere(body.Text("status")))
                return body;
            await Task.Delay(50, limit.Token);
        }
    }

    private async Task WaitForDrainingAsync(Uri address)
    {
        using var limit = new CancellationTokenSource(Patience);
        while (!(await _http.GetStringAsync(new Uri(address, "/health"), limit.Token)).Contains("draining", StringComparison.Ordinal))
            await Task.Delay(20, limit.Token);
    }

    private async Task<HttpResponseMessage> SendAsync(HttpMethod method, Uri uri, object? body = null)
    {
        using var request = new HttpRequestMessage(method, uri);
        request.Headers.Authorization = new("Bearer", TestTokens.For(42));
        if (body is not null)
            request.Content = JsonContent.Create(body);
        return await _http.SendAsync(request);
    }
}
