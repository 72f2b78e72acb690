using System.Collections.Concurrent;
using System.Globalization;
using System.Text.Json;
using ModelContextProtocol;
using ModelContextProtocol.Protocol;
using ModelContextProtocol.Server;

namespace Executor.Sandbox.Mcp;

/// <summary>What the SDK's server needs to list and call the sandbox's tools; shared by all sessions.</summary>
internal sealed class ToolServer
{
    private readonly McpSandbox _sandbox;
    private readonly int? _pageSize;
    private readonly ConcurrentDictionary<int, SandboxTool> _numbered = new();
    private readonly Dictionary<string, SandboxTool> _builtIn = SandboxTools.BuiltIn.ToDictionary(t => t.Definition.Name, StringComparer.Ordinal);

    public ToolServer(McpSandbox sandbox, int? pageSize)
    {
        _sandbox = sandbox;
        _pageSize = pageSize;
        Options = new McpServerOptions
        {
            ServerInfo = new Implementation { Name = "executor-sandbox", Version = "1.0.0" },
            ScopeRequests = false,
            Handlers = new McpServerHandlers { ListToolsHandler = ListAsync, CallToolHandler = CallAsync },
        };
    }

    public McpServerOptions Options { get; }

    private ValueTask<ListToolsResult> ListAsync(RequestContext<ListToolsRequestParams> request, CancellationToken cancellationToken)
    {
        var count = Math.Max(_sandbox.ToolCount, SandboxTools.BuiltIn.Count);
        var start = int.TryParse(request.Params?.Cursor, CultureInfo.InvariantCulture, out var cursor) ? Math.Clamp(cursor, 0, count) : 0;
        var end = Math.Min(count, start + (_pageSize ?? count));
        return ValueTask.FromResult(new ListToolsResult
        {
            Tools = [.. Enumerable.Range(start, end - start).Select(i => ToolAt(i).Definition)],
            NextCursor = end < count ? end.ToString(CultureInfo.InvariantCulture) : null,
        });
    }

    private async ValueTask<CallToolResult> CallAsync(RequestContext<CallToolRequestParams> request, CancellationToken cancellationToken)
    {
        var name = request.Params.Name;
        var tool = Find(name) ?? throw new McpProtocolException($"Unknown tool: '{name}'", McpErrorCode.InvalidParams);
        var call = request.JsonRpcRequest.Context?.Items?[ActiveCall.ItemKey] as ActiveCall
            ?? throw new InvalidOperationException("The message came without its call.");

        var arguments = request.Params.Arguments ?? new Dictionary<string, JsonElement>(StringComparer.Ordinal);
        var cancelled = false;
        _sandbox.Tally.CallStarted();
        try
        {
            var result = await tool.RunAsync(new ToolInvocation(_sandbox, call, arguments, cancellationToken));
            call.Update(e => e with { Executed = true });
            return result;
        }
        catch (OperationCanceledException) when (call.IsCancelledByClient)
        {
            cancelled = true;
            throw;
        }
        finally
        {
            _sandbox.Tally.CallEnded();
            if (cancelled)
                call.Update(e => e with { Cancelled = true });
        }
    }

    private SandboxTool? Find(string name)
    {
        if (_builtIn.TryGetValue(name, out var tool))
            return tool;
        var index = name.StartsWith("tool_", StringComparison.Ordinal) && int.TryParse(name.AsSpan(5), CultureInfo.InvariantCulture, out var number)
            ? SandboxTools.BuiltIn.Count + number - 1
            : -1;
        return index >= SandboxTools.BuiltIn.Count && index < _sandbox.ToolCount ? ToolAt(index) : null;
    }

    private SandboxTool ToolAt(int index) =>
        index < SandboxTools.BuiltIn.Count
            ? SandboxTools.BuiltIn[index]
            : _numbered.GetOrAdd(index - SandboxTools.BuiltIn.Count + 1, SandboxTools.Numbered);
}
