using Executor.Credentials;
using Executor.Credentials.Owner;
using Executor.Grains.Credentials;
using Executor.Grains.Membership;
using Executor.Grains.Runs;
using Executor.Nodes;
using Executor.Runs;
using Executor.Runs.Driving;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Orleans.Configuration;
using Orleans.Hosting;
using Orleans.Runtime.Hosting;

namespace Executor.Grains;

public static class GrainServices
{
    /// <summary>Credentials and runs as grains, on whatever silo. To be added before the domain's own services.</summary>
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
        services.AddSingleton<GrainRunHost>();
        services.AddSingleton<IRunHost>(provider => provider.GetRequiredService<GrainRunHost>());
        services.AddHostedService<LostSilos>();

        services.AddSingleton<OrderlyEnd>();
        services.AddSingleton<IFatalErrorHandler>(provider => provider.GetRequiredService<OrderlyEnd>());
        services.AddHostedService(provider => provider.GetRequiredService<OrderlyEnd>());
        return silo;
    }

    /// <summary>
    /// For silos that others may join. A silo that joins takes over credentials that are in use, and not only new ones. Moving one costs
    /// a read.
    /// </summary>
    public static ISiloBuilder AddRebalancing(this ISiloBuilder silo)
    {
#pragma warning disable ORLEANSEXP002 // What is experimental is the interface, which is this line.
        silo.AddActivationRebalancer();
#pragma warning restore ORLEANSEXP002
        return silo.Configure<ActivationRebalancerOptions>(rebalancer =>
        {
            rebalancer.RebalancerDueTime = TimeSpan.FromSeconds(10);
            rebalancer.SessionCyclePeriod = TimeSpan.FromSeconds(5);
        });
    }
}
