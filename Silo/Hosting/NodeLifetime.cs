using Executor.Storage;
using Microsoft.Extensions.Hosting.Internal;

namespace Executor.Silo.Hosting;

/// <summary>
/// What comes before everything else, even before the services are made: the node's ports, and then its database. A node that cannot have
/// its ports writes nothing. The silo is made of what the database says, such as the cluster's id.
/// </summary>
internal sealed class NodeLifetime(PortReservation ports, StorageStartup storage, ConsoleLifetime console) : IHostLifetime
{
    public async Task WaitForStartAsync(CancellationToken cancellationToken)
    {
        await console.WaitForStartAsync(cancellationToken);
        ports.Reserve();
        await storage.StartAsync(cancellationToken);
    }

    public Task StopAsync(CancellationToken cancellationToken) => console.StopAsync(cancellationToken);
}
