using Executor.Simulation.Worlds;
using Microsoft.Extensions.Logging;

namespace Executor.Simulation.Cluster;

/// <summary>A log that nobody reads, but for what it says of exceptions that nothing in this world may cause.</summary>
internal sealed class Watch<T>(World world, SimulatedNode node) : ILogger<T>
{
    private static readonly string[] Expected =
    [
        nameof(StoreUnavailableException), nameof(OperationCanceledException), nameof(TaskCanceledException), nameof(TimeoutException),
    ];

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull =>
        null;

    public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Warning;

    public void Log<TState>(
        LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        world.Trace.Note(node.Label, "logs", eventId.Name);
        if (state is IReadOnlyList<KeyValuePair<string, object?>> values
            && values.FirstOrDefault(value => value.Key == "ExceptionType").Value is string type
            && !Expected.Contains(type))
            world.Fail("Nothing throws what it was not expected to", $"{typeof(T).Name} on {node.Label}: {formatter(state, exception)}");
    }
}
