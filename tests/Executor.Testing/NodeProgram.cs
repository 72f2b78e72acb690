using Executor.Silo.Hosting;

namespace Executor.Testing;

/// <summary>What runs as a node.</summary>
/// <param name="Assembly">Path of an executable assembly.</param>
internal sealed record NodeProgram(string Assembly)
{
    public static readonly NodeProgram Built = new(typeof(ExecutorHost).Assembly.Location);
}
