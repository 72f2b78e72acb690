using System.Collections.Concurrent;
using System.Text.Json;
using Executor.Credentials;
using Executor.Identity;
using Executor.Servers;
using Executor.Tests.Infrastructure;

namespace Executor.Tests.Runs;

internal delegate Task<McpOutcome<McpToolResult>> ScriptedTool(ScriptedCall call, CancellationToken cancellationToken);

internal sealed record ScriptedCall(UserId User, McpServerId Server, AccessToken? Bearer, McpToolCall Call)
{
    public string Arguments => Call.Arguments.GetRawText();
}

/// <summary>An MCP server whose every answer, fault and delay a test decides.</summary>
internal sealed class ScriptedGateway : IMcpGateway
{
    private readonly ConcurrentDictionary<string, ScriptedTool> _tools = new();
    private readonly ConcurrentDictionary<string, string> _annotations = new();

    public Signals<ScriptedCall> Calls { get; } = new();

    /// <summary>Tools whose call was told to stop.</summary>
    public Signals<string> Cancelled { get; } = new();

    /// <summary>Takes the place of the tool list.</summary>
    public McpOutcome<McpToolList>? Listing { get; set; }

    public static McpOutcome<McpToolResult> Ok(string json = """{"structuredContent":{"ok":true}}""") => Result(json, false);

    public static McpOutcome<McpToolResult> Error(string json = """{"isError":true}""") => Result(json, true);

    public static McpOutcome<McpToolResult> Failed(McpEffect effect, string code = McpFailureCodes.ConnectionLost) =>
        new McpOutcome<McpToolResult>.Failed(new McpFailure(code, "It failed.", effect));

    public void Tool(string name, ScriptedTool tool, string annotations = "{}")
    {
        _tools[name] = tool;
        _annotations[name] = annotations;
    }

    public void Tool(string name, Func<ScriptedCall, McpOutcome<McpToolResult>> tool, string annotations = "{}") =>
        Tool(name, (call, _) => Task.FromResult(tool(call)), annotations);

    /// <summary>A tool that ends when the returned source says so, or when it is cancelled.</summary>
    public TaskCompletionSource<McpOutcome<McpToolResult>> Held(string name, string annotations = "{}")
    {
        var held = new TaskCompletionSource<McpOutcome<McpToolResult>>(TaskCreationOptions.RunContinuationsAsynchronously);
        Tool(name, (_, cancellationToken) => held.Task.WaitAsync(cancellationToken), annotations);
        return held;
    }

    public int CountOf(string tool) => Calls.Seen.Count(call => call.Call.Tool == tool);

    public Task<McpOutcome<McpToolList>> ListToolsAsync(
        UserId user, McpServer server, AccessToken? bearer, CancellationToken cancellationToken) =>
        Task.FromResult(Listing ?? new McpOutcome<McpToolList>.Completed(new McpToolList(
            [.. _annotations.Select(entry => Listed(entry.Key, entry.Value))], [])));

    public static McpTool Listed(string name, string annotations) => new(name, Json($$"""{"inputSchema":{},"annotations":{{annotations}}}"""));

    public async Task<McpOutcome<McpToolResult>> CallToolAsync(
        UserId user, McpServer server, AccessToken? bearer, McpToolCall call, CancellationToken cancellationToken)
    {
        var scripted = new ScriptedCall(user, server.Id, bearer, call);
        Calls.Add(scripted);
        try
        {
            return await _tools[call.Tool](scripted, cancellationToken);
        }
        catch (OperationCanceledException)
        {
            Cancelled.Add(call.Tool);
            throw;
        }
    }

    private static McpOutcome<McpToolResult>.Completed Result(string json, bool isError) =>
        new McpOutcome<McpToolResult>.Completed(new McpToolResult(Json(json), isError));

    private static JsonElement Json(string json) => JsonDocument.Parse(json).RootElement.Clone();
}
