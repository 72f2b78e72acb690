using System.Diagnostics;
using System.Diagnostics.Metrics;
using Executor.Identity;
using Executor.Servers;

namespace Executor.Mcp;

/// <summary>
/// Metrics and spans of MCP calls. Servers are labels; users and URLs are not. The spans are our own, since the SDK's carry what the
/// server wrote: an error's text becomes their status.
/// </summary>
internal sealed class McpInstruments : IDisposable
{
    public const string Name = "Executor.Mcp";

    private readonly ActivitySource _source = new(Name);
    private readonly Meter _meter;
    private readonly Counter<long> _calls;
    private readonly Histogram<double> _duration;

    public McpInstruments(IMeterFactory meters)
    {
        _meter = meters.Create(Name);
        _calls = _meter.CreateCounter<long>("executor.mcp.calls", "{call}", "MCP calls by outcome.");
        _duration = _meter.CreateHistogram<double>("executor.mcp.duration", "s", "Duration of MCP calls.");
    }

    public void Observe(Func<int> connections) =>
        _meter.CreateObservableUpDownCounter("executor.mcp.connections", connections, "{connection}", "Open MCP connections.");

    public async Task<McpOutcome<T>> MeasureAsync<T>(string operation, McpServerId server, Func<Task<McpOutcome<T>>> call)
    {
        using var span = _source.StartActivity(operation, ActivityKind.Client);
        var started = Stopwatch.GetTimestamp();
        var result = "cancelled";
        try
        {
            var outcome = await call();
            result = outcome switch
            {
                McpOutcome<T>.Completed { Value: McpToolResult { IsError: true } } => "tool_error",
                McpOutcome<T>.Completed => "ok",
                McpOutcome<T>.Unauthorized => McpFailureCodes.Unauthorized,
                McpOutcome<T>.Failed failed => failed.Failure.Code,
                _ => throw new UnreachableException(),
            };
            return outcome;
        }
        finally
        {
            var tags = new TagList { { "operation", operation }, { "server", server.Value }, { "outcome", result } };
            _calls.Add(1, tags);
            _duration.Record(Stopwatch.GetElapsedTime(started).TotalSeconds, tags);
            span?.SetTag("mcp.server", server.Value);
            span?.SetTag("outcome", result);
        }
    }

    public void Dispose()
    {
        _source.Dispose();
        _meter.Dispose();
    }
}
