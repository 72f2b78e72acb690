using System.Collections.Concurrent;
using System.Net;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.DependencyInjection;

namespace Executor.Nodes.Silos;

/// <summary>The way from silos of this process to others: it can be cut, as a network can between machines that both reach the database.</summary>
internal sealed class SiloLink
{
    private readonly ConcurrentBag<ConnectionContext> _connections = [];
    private volatile bool _isCut;

    /// <summary>Has a silo take this way.</summary>
    public void Use(IServiceCollection services)
    {
        foreach (var way in services.Where(service => service.IsKeyedService && service.ServiceType == typeof(IConnectionFactory)).ToList())
        {
            services.Remove(way);
            services.AddKeyedSingleton<IConnectionFactory>(way.ServiceKey, (provider, key) => new Way(this, Make(way, provider, key!)));
        }
    }

    public void Cut()
    {
        _isCut = true;
        foreach (var connection in _connections)
            connection.Abort();
    }

    private static IConnectionFactory Make(ServiceDescriptor way, IServiceProvider provider, object key) =>
        (IConnectionFactory)(way.KeyedImplementationInstance
            ?? way.KeyedImplementationFactory?.Invoke(provider, key)
            ?? ActivatorUtilities.CreateInstance(provider, way.KeyedImplementationType!));

    private sealed class Way(SiloLink link, IConnectionFactory inner) : IConnectionFactory
    {
        public async ValueTask<ConnectionContext> ConnectAsync(EndPoint endpoint, CancellationToken cancellationToken = default)
        {
            if (link._isCut)
                throw new IOException("The link is cut.");
            var connection = await inner.ConnectAsync(endpoint, cancellationToken);
            link._connections.Add(connection);
            return connection;
        }
    }
}
