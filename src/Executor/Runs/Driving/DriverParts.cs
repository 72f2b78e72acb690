using Executor.Nodes;
using Executor.Servers;
using Microsoft.Extensions.Options;

namespace Executor.Runs.Driving;

/// <summary>What every driver of this node shares.</summary>
internal sealed class DriverParts(
    RunWriter writer,
    StepRenderer renderer,
    UnknownOutcome unknown,
    AuthorizedMcp mcp,
    INodeLiveness liveness,
    IOptions<RunOptions> options,
    RunMetrics metrics,
    RunProgress progress,
    TimeProvider time,
    Random random)
{
    public RunWriter Writer => writer;

    public StepRenderer Renderer => renderer;

    public UnknownOutcome Unknown => unknown;

    public AuthorizedMcp Mcp => mcp;

    public INodeLiveness Liveness => liveness;

    public RunOptions Options => options.Value;

    public RunMetrics Metrics => metrics;

    public RunProgress Progress => progress;

    public TimeProvider Time => time;

    public Random Random => random;
}
