using System.Net;
using Executor.Grains;
using Executor.Silo.Configuration;
using Executor.Storage;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;
using Orleans.Configuration;

namespace Executor.Silo.Hosting;

/// <summary>
/// Every node is a silo: alone on a database that takes one process, and otherwise one of its database's cluster. Executor's own tables
/// stay the only truth.
/// </summary>
internal static class SiloComposition
{
    public static void AddSilo(this WebApplicationBuilder node, ServerSettings settings)
    {
        // What the framework tells below a warning is its own affair.
        node.Logging.AddFilter("Orleans", LogLevel.Warning);
        node.Logging.AddFilter("Orleans.Runtime.Silo", LogLevel.Error); // warns of the garbage collector that a node has on purpose
        node.Logging.AddFilter("Orleans.Runtime.Watchdog", LogLevel.Error); // takes a start on a busy machine for a stall
        node.UseOrleans(silo =>
        {
            silo.AddExecutorGrains();
            silo.Configure<GrainDirectoryOptions>(directory => directory.CacheSize = 10_000); // by default it remembers a million grains that are gone
            if (settings.Silo is { } cluster)
                Join(node, silo, cluster);
            else
                StandAlone(silo);
        });
        SiloGoodbye.Bound(node.Services);
    }

    private static void StandAlone(ISiloBuilder silo)
    {
        silo.Configure<ClusterOptions>(cluster => cluster.ClusterId = cluster.ServiceId = "alone");
        silo.Configure<EndpointOptions>(endpoint =>
        {
            endpoint.AdvertisedIPAddress = IPAddress.Loopback;
            endpoint.SiloPort = 11_111; // a name, more or less: nothing listens there
            endpoint.GatewayPort = 0;
        });
        silo.Services.AddSingleton<IMembershipTable, SoleMembership>();
        silo.Services.AddSingleton<SilentTransport>();
        silo.Services.ReplaceKeyed<IConnectionListenerFactory>((provider, _) => provider.GetRequiredService<SilentTransport>());
        silo.Services.ReplaceKeyed<IConnectionFactory>((provider, _) => provider.GetRequiredService<SilentTransport>());
    }

    private static void Join(WebApplicationBuilder node, ISiloBuilder silo, SiloSettings settings)
    {
        silo.AddRebalancing();
        silo.UseAdoNetClustering((AdoNetClusteringSiloOptions _) => { });
        silo.Services.AddOptions<AdoNetClusteringSiloOptions>().Configure<StorageStartup>((clustering, storage) =>
        {
            clustering.Invariant = "Npgsql";
            clustering.DataSource = storage.Membership;
        });
        silo.Services.AddOptions<ClusterOptions>().Configure<StorageStartup>((cluster, storage) =>
            cluster.ClusterId = cluster.ServiceId = settings.ClusterId ?? storage.DatabaseId + settings.Apart);
        silo.Services.AddOptions<EndpointOptions>().Configure<PortReservation>((endpoint, ports) =>
        {
            endpoint.AdvertisedIPAddress = settings.Address;
            endpoint.SiloPort = ports.PortOf(Settings.SiloPort);
            endpoint.SiloListeningEndpoint = settings.EndPoint;
            endpoint.GatewayPort = 0; // nobody but silos comes in this way
        });
        silo.Configure<ClusterMembershipOptions>(membership =>
        {
            membership.ProbeTimeout = settings.ProbeTimeout;
            membership.MaxProbeTimeout = 2 * settings.ProbeTimeout;
            membership.NumMissedProbesLimit = settings.MissedProbes;

            // A frozen silo that thaws soon reads that it was given up. When all silos were lost, a new one does not wait for long.
            membership.TableRefreshTimeout = TimeSpan.FromSeconds(5);
            membership.IAmAliveTablePublishTimeout = TimeSpan.FromSeconds(3);

            // One that cannot reach the others ends, and says so, before it is killed for not being ready.
            membership.MaxJoinAttemptTime = TimeSpan.FromMinutes(1);
        });
        ListenOnReservedPort(node.Services, settings);
        settings.Tls?.Use(silo);
    }

    /// <summary>
    /// Orleans' own listener would share a taken port, and the silo that has it be declared dead. This one is given a socket that was taken
    /// before the silo began to join.
    /// </summary>
    private static void ListenOnReservedPort(IServiceCollection services, SiloSettings settings)
    {
        services.AddSingleton(new PortClaim(settings.EndPoint, $"{settings.Address}", Settings.SiloAddress.Name, Settings.SiloPort.Name));
        services.ReplaceKeyed<IConnectionListenerFactory>((provider, _) => new SocketTransportFactory(
            Options.Create(new SocketTransportOptions
            {
                CreateBoundListenSocket = endPoint => provider.GetRequiredService<PortReservation>().Take(Settings.SiloPort, endPoint)
                    ?? SocketTransportOptions.CreateDefaultBoundListenSocket(endPoint),
            }),
            provider.GetRequiredService<ILoggerFactory>()));
    }

    private static void ReplaceKeyed<TService>(this IServiceCollection services, Func<IServiceProvider, object?, TService> make)
        where TService : class
    {
        var keys = services.Where(service => service.IsKeyedService && service.ServiceType == typeof(TService)).Select(service => service.ServiceKey).ToList();
        foreach (var key in keys)
        {
            services.RemoveAllKeyed<TService>(key);
            services.AddKeyedSingleton<TService>(key, make);
        }
    }
}
