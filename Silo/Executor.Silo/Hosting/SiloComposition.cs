using Executor.Credentials;
using Executor.Credentials.Owner;
using Executor.Nodes;
using Executor.Runs;
using Executor.Server.Configuration;
using Executor.Server.Hosting;
using Executor.Silo.Credentials;
using Executor.Silo.Runs;
using Executor.Storage;
using Executor.Storage.Databases.Postgres;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.Options;
using Npgsql;
using Orleans.Configuration;
using Orleans.Runtime.Hosting;

namespace Executor.Silo.Hosting;

/// <summary>A node whose credentials and runs are routed through the cluster. Its own tables stay the only truth.</summary>
internal static class SiloComposition
{
    public static void AddSilo(this WebApplicationBuilder node, SiloSettings settings)
    {
        node.Services.AddOptions<AdoNetClusteringSiloOptions>().Configure<StorageProvider>((clustering, storage) =>
        {
            clustering.Invariant = "Npgsql";
            clustering.ConnectionString = storage is StorageProvider.Postgres postgres
                ? OwnPool(PostgresSettings.From(postgres).Pooled)
                : throw ConfigurationException.From(["DATABASE_URL: silos share a PostgreSQL; name one."]);
        });
        // What the framework tells below a warning is its own affair.
        node.Logging.AddFilter("Orleans", LogLevel.Warning);
        node.Logging.AddFilter("Orleans.Runtime.Silo", LogLevel.Error); // warns of the garbage collector that a node has on purpose
        node.Services.AddHostedService<StaleSilos>(); // before the silo itself, whose start it makes possible
        node.UseOrleans(silo =>
        {
            silo.UseAdoNetClustering((AdoNetClusteringSiloOptions _) => { });
            silo.Configure<EndpointOptions>(endpoint =>
            {
                endpoint.AdvertisedIPAddress = settings.Address;
                endpoint.SiloListeningEndpoint = new System.Net.IPEndPoint(settings.Address, settings.Port);
                endpoint.SiloPort = settings.Port;
                endpoint.GatewayPort = 0; // nobody but silos comes in this way
            });
            silo.Configure<ClusterOptions>(cluster => cluster.ClusterId = cluster.ServiceId = settings.ClusterId);
            silo.Configure<ClusterMembershipOptions>(membership =>
            {
                membership.ProbeTimeout = settings.ProbeTimeout;
                membership.NumMissedProbesLimit = settings.MissedProbes;
            });
            settings.Tls?.Use(silo);
            silo.AddExecutorGrains();
        });
        ListenOnReservedPort(node.Services, settings);
        if (settings.Tls is null && !System.Net.IPAddress.IsLoopback(settings.Address))
            node.Services.AddHostedService<ClearTextWarning>();
    }

    /// <summary>The Orleans engine, on whatever silo.</summary>
    public static ISiloBuilder AddExecutorGrains(this ISiloBuilder silo)
    {
        var services = silo.Services;
        services.AddOptions<SiloOptions>().Configure<IOptions<NodeOptions>>((options, node) => options.SiloName = node.Value.Name);

        // A call outlives the longest that an owner keeps its caller waiting; it never waits for a redemption's own deadline.
        services.AddOptions<SiloMessagingOptions>().Configure<IOptions<CredentialOptions>>((messaging, credentials) =>
            messaging.ResponseTimeout = messaging.SystemResponseTimeout = credentials.Value.CallerWait + TimeSpan.FromSeconds(5));

        // As long as the owner that the grain finds here.
        services.AddOptions<GrainCollectionOptions>().Configure<IOptions<CredentialOptions>>((collection, credentials) =>
            collection.ClassSpecificCollectionAge[typeof(CredentialGrain).FullName!] = credentials.Value.OwnerIdle);
        services.AddSingleton<Failover>();
        services.AddSingleton<GrainCredentials>();
        services.AddSingleton<ICredentials>(provider => provider.GetRequiredService<GrainCredentials>());
        services.AddSingleton<ICredentialRecoverer>(provider => provider.GetRequiredService<GrainCredentials>());
        services.AddSingleton<IRuns, GrainRuns>();
        services.AddPlacementDirector<RunPlacement, RunPlacementDirector>();
        services.AddHostedService<LostSilos>();

        // A silo that joins takes over credentials that are in use, not only new ones. Moving one costs a read.
#pragma warning disable ORLEANSEXP002 // What is experimental is the interface, which is this line.
        silo.AddActivationRebalancer();
#pragma warning restore ORLEANSEXP002
        silo.Configure<ActivationRebalancerOptions>(rebalancer =>
        {
            rebalancer.RebalancerDueTime = TimeSpan.FromSeconds(10);
            rebalancer.SessionCyclePeriod = TimeSpan.FromSeconds(5);
        });
        services.AddSingleton<OrderlyEnd>();
        services.AddSingleton<IFatalErrorHandler>(provider => provider.GetRequiredService<OrderlyEnd>());
        services.AddHostedService(provider => provider.GetRequiredService<OrderlyEnd>());
        return silo;
    }

    /// <summary>
    /// Orleans' own listener would share a taken port, and the silo that has it be declared dead. This one is given a socket that was taken
    /// before the silo began to join.
    /// </summary>
    private static void ListenOnReservedPort(IServiceCollection services, SiloSettings settings)
    {
        services.AddSingleton(new PortClaim(
            new System.Net.IPEndPoint(settings.Address, settings.Port), $"{settings.Address}", "SILO_ADDRESS", "SILO_PORT"));
        foreach (var listener in services.Where(service => service.IsKeyedService && service.ServiceType == typeof(IConnectionListenerFactory)).ToList())
        {
            services.Remove(listener);
            services.AddKeyedSingleton<IConnectionListenerFactory>(listener.ServiceKey, (provider, _) => new SocketTransportFactory(
                Options.Create(new SocketTransportOptions
                {
                    CreateBoundListenSocket = endPoint => provider.GetRequiredService<PortReservation>().Take(endPoint)
                        ?? SocketTransportOptions.CreateDefaultBoundListenSocket(endPoint),
                }),
                provider.GetRequiredService<ILoggerFactory>()));
        }
    }

    /// <summary>The membership table is asked for little: it does not double this node's connections.</summary>
    private static string OwnPool(string connection) =>
        new NpgsqlConnectionStringBuilder(connection) { MaxPoolSize = 5, ApplicationName = "executor-membership" }.ConnectionString;
}
