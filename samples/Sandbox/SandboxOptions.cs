using Executor.Sandbox.Mcp;
using Executor.Sandbox.OAuth;

namespace Executor.Sandbox;

public sealed record SandboxOptions
{
    internal static readonly TimeSpan DefaultWait = TimeSpan.FromSeconds(10);

    /// <summary>0 takes any free port.</summary>
    public int Port { get; init; }

    /// <summary>Lifetimes, grace windows and timed holds run on this clock; waiters run in real time.</summary>
    public TimeProvider TimeProvider { get; init; } = TimeProvider.System;

    public ProviderBehaviour DefaultBehaviour { get; init; } = ProviderBehaviour.Strict;

    public McpProtocol McpProtocol { get; init; } = McpProtocol.Stateless;

    public McpAuth McpAuth { get; init; } = McpAuth.OAuth;

    /// <summary>The token that <see cref="McpAuth.StaticBearer"/> asks for.</summary>
    public string? StaticBearer { get; init; }

    /// <summary>Tools listed at least; the built-in ones are filled up with numbered echoes.</summary>
    public int ToolCount { get; init; }

    /// <summary>Tools per page of <c>tools/list</c>; all on one page when null.</summary>
    public int? ToolPageSize { get; init; }

    /// <summary>Journal entries kept of each kind; the oldest go first.</summary>
    public int JournalCapacity { get; init; } = 100_000;

    /// <summary>Log to the console; in-process hosts stay silent.</summary>
    public bool Verbose { get; init; }
}
