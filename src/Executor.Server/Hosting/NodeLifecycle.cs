using Executor.Nodes;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;

namespace Executor.Server.Hosting;

/// <summary>
/// Opens and closes the node. Added right after the web server, before whatever starts after it: so readiness fails before anything
/// stops, and the server answers until every redemption and every commit has settled.
/// </summary>
internal sealed partial class NodeLifecycle(
    NodeState state, IDetachedWork detached, IServer server, ILogger<NodeLifecycle> logger) : IHostedLifecycleService
{
    public Task StartingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartedAsync(CancellationToken cancellationToken)
    {
        state.MoveTo(NodePhase.Running);
        var addresses = server.Features.Get<IServerAddressesFeature>()?.Addresses ?? [];
        Log.Running(logger, Http.ExecutorVersion.Current, string.Join(' ', addresses));
        return Task.CompletedTask;
    }

    public Task StoppingAsync(CancellationToken cancellationToken)
    {
        Log.Draining(logger);
        state.MoveTo(NodePhase.Draining);
        return Task.CompletedTask;
    }

    public async Task StopAsync(CancellationToken cancellationToken)
    {
        try
        {
            await detached.WhenIdleAsync(cancellationToken);
        }
        catch (OperationCanceledException)
        {
            Log.Unfinished(logger);
        }
    }

    public Task StoppedAsync(CancellationToken cancellationToken)
    {
        state.MoveTo(NodePhase.Stopped);
        return Task.CompletedTask;
    }

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Information, Message = "The node runs, version {Version}, at {Addresses}")]
        public static partial void Running(ILogger logger, string version, string addresses);

        [LoggerMessage(Level = LogLevel.Information, Message = "The node drains: no new step or refresh begins")]
        public static partial void Draining(ILogger logger);

        [LoggerMessage(Level = LogLevel.Warning, Message = "The node stops although work is left: it was given all the time there is")]
        public static partial void Unfinished(ILogger logger);
    }
}
