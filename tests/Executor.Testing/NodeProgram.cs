using Executor.Silo.Hosting;

namespace Executor.Testing;

/// <summary>What runs as a node.</summary>
/// <param name="Assembly">Path of an executable assembly.</param>
internal sealed record NodeProgram(string Assembly)
{
    /// <summary>The one that was built with this process, unless a benchmark is told to measure another.</summary>
    public static NodeProgram InUse { get; set; } = new(typeof(ExecutorHost).Assembly.Location);
}
