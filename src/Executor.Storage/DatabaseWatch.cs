using Executor.Nodes;
using Executor.Storage.Databases;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Executor.Storage;

/// <summary>
/// Stops the node when its database is not its database any more. What it did there would be done to somebody else's runs and grants, or
/// a second time. It drains first. Should the right database come back meanwhile, answers in flight are still stored.
/// </summary>
public sealed partial class DatabaseWatch : BackgroundService
{
    private readonly DatabaseMemory _memory;
    private readonly NodeState _state;
    private readonly ILogger<DatabaseWatch> _logger;

    internal DatabaseWatch(DatabaseMemory memory, NodeState state, ILogger<DatabaseWatch> logger) =>
        (_memory, _state, _logger) = (memory, state, logger);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var reason = await _memory.Lost.WaitAsync(stoppingToken);
        _state.MoveTo(NodePhase.Draining);
        Log.Lost(_logger, reason);
        throw new DatabaseLostException(reason); // the host stops, and the process says that it failed
    }

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Error, Message = "The node stops, and does nothing more in the database: {Reason}")]
        public static partial void Lost(ILogger logger, string reason);
    }
}

internal sealed class DatabaseLostException(string reason) : Exception($"The database is lost: {reason}.");
