using Executor.Storage;

namespace Executor.Server.Hosting;

/// <summary>Opens the database before anything else starts.</summary>
internal sealed class StorageHost(StorageStartup storage) : IHostedService
{
    public Task StartAsync(CancellationToken cancellationToken) => storage.StartAsync(cancellationToken);

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
