using Executor.Credentials;
using Executor.Nodes;
using Executor.Runs;
using Executor.Servers;
using Executor.Storage;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.Options;

namespace Executor.Silo.Hosting;

/// <summary>
/// Opens and closes the node. It is added right after the web server, before all that starts after it. So readiness fails before anything
/// stops, and the server answers until every redemption and every commit has settled.
/// </summary>
internal sealed partial class NodeLifecycle(
    NodeState state,
    IDetachedWork detached,
    IServer server,
    StorageProvider storage,
    IMcpServerCatalog servers,
    IOptions<RunOptions> runs,
    IOptions<CredentialOptions> credentials,
    TimeProvider time,
    ILogger<NodeLifecycle> logger) : IHostedLifecycleService, IAsyncDisposable
{
    private const int MaxNamed = 20;

    private static readonly TimeSpan _reminder = TimeSpan.FromSeconds(10);

    private ITimer? _waiting;
    private long _stoppedAt;

    public Task StartingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartedAsync(CancellationToken cancellationToken)
    {
        state.MoveTo(NodePhase.Running);
        var addresses = server.Features.Get<IServerAddressesFeature>()?.Addresses ?? [];
        Log.Running(logger, Http.ExecutorVersion.Current, storage.Describe(), Named(), string.Join(' ', addresses));
        return Task.CompletedTask;
    }

    public Task StoppingAsync(CancellationToken cancellationToken)
    {
        _stoppedAt = time.GetTimestamp();
        var (steps, refreshes) = Left();
        Log.Draining(logger, steps, runs.Value.StopTimeout.TotalSeconds, refreshes, credentials.Value.RedemptionDeadline.TotalSeconds);
        state.MoveTo(NodePhase.Draining);
        _waiting = time.CreateTimer(_ => Remind(), null, _reminder, _reminder);
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

    public async Task StoppedAsync(CancellationToken cancellationToken)
    {
        await DisposeAsync();
        state.MoveTo(NodePhase.Stopped);
        Log.Stopped(logger, Math.Round(time.GetElapsedTime(_stoppedAt).TotalSeconds, 1));
    }

    public ValueTask DisposeAsync() => _waiting?.DisposeAsync() ?? ValueTask.CompletedTask;

    private void Remind()
    {
        var (steps, refreshes) = Left();
        Log.Waiting(logger, steps, refreshes);
    }

    private (int Steps, int Refreshes) Left() => (detached.Count("run"), detached.Count("redemption"));

    private string Named()
    {
        var names = servers.Ids.Select(id => id.Value).Order(StringComparer.Ordinal).ToList();
        return names.Count switch
        {
            0 => "none",
            <= MaxNamed => string.Join(", ", names),
            _ => $"{string.Join(", ", names.Take(MaxNamed))} and {names.Count - MaxNamed} more",
        };
    }

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Information, Message = "The node runs: version {Version}; {Database}; MCP servers: {Servers}; it listens at {Addresses}")]
        public static partial void Running(ILogger logger, string version, string database, string servers, string addresses);

        [LoggerMessage(Level = LogLevel.Information, Message = "The node stops, and no new step or refresh begins. It waits for {Steps} running steps, {StepSeconds} s at most, and for {Refreshes} refreshes that were sent, {RefreshSeconds} s at most; Ctrl-C once more ends it at once")]
        public static partial void Draining(ILogger logger, int steps, double stepSeconds, int refreshes, double refreshSeconds);

        [LoggerMessage(Level = LogLevel.Information, Message = "The node still waits for {Steps} running steps and {Refreshes} refreshes that were sent")]
        public static partial void Waiting(ILogger logger, int steps, int refreshes);

        [LoggerMessage(Level = LogLevel.Warning, Message = "The node stops with work left: its time to stop is over")]
        public static partial void Unfinished(ILogger logger);

        [LoggerMessage(Level = LogLevel.Information, Message = "The node has stopped, after {Seconds} s")]
        public static partial void Stopped(ILogger logger, double seconds);
    }
}
