using System.Net;
using System.Text.Json;
using Executor.Sandbox;
using Executor.Sandbox.Mcp;
using Executor.Tests.Http.Fakes;
using Executor.Tests.Infrastructure;

namespace Executor.Tests.Server;

/// <summary>A whole node and a real MCP server that dies in mid-call, and stays away.</summary>
public sealed class StuckRunTests : IAsyncLifetime
{
    private const string Run = """
        {"name":"n","steps":[
        {"id":"charge","type":"mcp","mcpServerId":"crm","tool":"create","arguments":{"name":"Ada"},"timeoutSeconds":2},
        {"id":"note","type":"mcp","mcpServerId":"crm","tool":"echo"}]}
        """;

    private SandboxHost _sandbox = null!;
    private LiveNode _node = null!;

    public async Task InitializeAsync()
    {
        _sandbox = await SandboxHost.StartAsync(new SandboxOptions { McpAuth = McpAuth.None });
        _node = await LiveNode.StartAsync($$$"""
            "crm":{"url":"{{{_sandbox.McpEndpoint}}}","auth":{"type":"none"}}
            """);
    }

    public async Task DisposeAsync()
    {
        _sandbox.Mcp.Release();
        await _node.DisposeAsync();
        await _sandbox.DisposeAsync();
    }

    [Theory]
    [InlineData("retry", "succeeded", 2)]
    [InlineData("skip", "skipped", 1)]
    public async Task Run_whose_server_stays_away_in_mid_call_says_so_and_is_decided_by_its_user(string action, string status, int effects)
    {
        var user = _node.As(42);
        _sandbox.Mcp.SetFault(new McpFault(McpFaultKind.Hang) { Tool = "create", AfterExecuting = true });
        var id = (await user.StartRunAsync(Run)).Json.GetProperty("id").GetString()!;
        await _sandbox.Mcp.WaitForHeldAsync();
        _sandbox.Mcp.SetFault(new McpFault(McpFaultKind.ServerError) { Method = "tools/list", Times = null });
        Assert.Equal(HttpStatusCode.BadRequest, (await user.TriggerAsync(id, action)).Status);

        JsonElement waitsFor = default;
        await Eventually.TrueAsync(
            async () => (await user.GetRunAsync(id)).Json.TryGetProperty("waitsFor", out waitsFor) && waitsFor.Text("reason") == "blocked", TimeSpan.FromSeconds(60));
        var interruption = waitsFor.GetProperty("interruption");
        Assert.Equal(("charge", "crm", "create", "timeout"), (interruption.Text("step"), interruption.Text("mcpServerId"), interruption.Text("tool"), interruption.Text("why")));
        Assert.True(interruption.GetProperty("since").GetDateTimeOffset() <= waitsFor.GetProperty("since").GetDateTimeOffset());

        _sandbox.Mcp.ClearFaults();
        var answer = await user.TriggerAsync(id, action);
        Assert.True(answer.Status == HttpStatusCode.OK, answer.Body);
        var run = await user.RunReachesAsync(id, "succeeded");
        var step = run.GetProperty("steps")[0];
        Assert.Equal((status, "create", effects), (step.Text("status"), step.Text("tool"), _sandbox.Mcp.Effects.Values.Sum()));
        Assert.True(step.GetProperty("startedAt").GetDateTimeOffset() <= step.GetProperty("finishedAt").GetDateTimeOffset());
        Assert.False(run.TryGetProperty("waitsFor", out _));
    }
}
