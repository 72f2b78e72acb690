using Executor.Server;

namespace Executor.Testing;

/// <summary>What runs as a node. The suites are about nodes of whatever engine: another test assembly may set another program.</summary>
/// <param name="Assembly">Path of an executable assembly.</param>
internal sealed record NodeProgram(string Assembly)
{
    public static readonly NodeProgram Server = new(typeof(ExecutorHost).Assembly.Location);

    /// <summary>To be set before the first test is looked for.</summary>
    public static NodeProgram Current { get; set; } = Server;

    /// <summary>Why it cannot run on this machine; null when it can.</summary>
    public string? MissingReason { get; init; }

    /// <summary>For each node that a cluster starts.</summary>
    public Func<(string Name, string Value)[]> Settings { get; init; } = () => [];

    /// <summary>One that was frozen goes on: it does not end because others have given it up.</summary>
    public bool OutlivesFreeze { get; init; } = true;

    /// <summary>SQL to run in a cluster's schema before its first node starts; null for none.</summary>
    public string? Schema { get; init; }
}
