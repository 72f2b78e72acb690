using Executor.Credentials;
using Executor.Http;
using Executor.Mcp;
using Executor.Nodes;
using Executor.Runs;
using Executor.Security.Endpoints;
using Executor.Silo.Configuration;
using Executor.Silo.Telemetry;
using Executor.Storage;

namespace Executor.Silo.Hosting;

/// <summary>
/// What a node consists of. Hosted services start in the order in which they are added, and stop in the reverse one. After the ports and
/// the database come the registry, the silo, the web server, credentials and runs.
/// </summary>
internal static class NodeComposition
{
    /// <summary>What starts before the web server accepts, and stops after it.</summary>
    public static void AddNode(this IServiceCollection services, ServerSettings settings)
    {
        if (settings.OtlpEndpoint is not null)
            services.AddHostedService(_ => new OpenTelemetryExport(settings.NodeName));
        services.AddMetrics();
        services.AddSingleton<PortReservation>();
        services.AddSingleton<Microsoft.Extensions.Hosting.Internal.ConsoleLifetime>();
        services.AddSingleton<IHostLifetime, NodeLifetime>();
        services.AddSingleton(settings.Keyring);
        services.AddSingleton(settings.Servers);
        services.AddSingleton(settings.Storage);
        services.AddSingleton(new EndpointGuard(settings.IsDevelopment ? EndpointPolicy.Development : EndpointPolicy.Strict));
        services.AddExecutorStorage(new StorageOptions(settings.Storage) { Keys = settings.Keyring, ReplacesLostKey = settings.ReplacesLostKey });
        services.AddHostedService(provider => provider.GetRequiredService<DatabaseWatch>());
        services.AddExecutorNodes();
        services.Configure<NodeOptions>(node => node.Name = settings.NodeName);
        services.AddExecutorMcp(mcp => mcp.SendTraceparent = settings.SendTraceparent);
        services.AddSingleton(new GuardedHttpOptions { SendTraceparent = settings.SendTraceparent });
        services.AddExecutorHttp(settings.Authentication);
    }

    /// <summary>What starts after the web server and stops before it, so that the node answers while it drains.</summary>
    public static void AddWork(this IServiceCollection services, ServerSettings settings)
    {
        services.AddHostedService<NodeLifecycle>();
        services.AddExecutorCredentials();
        services.Configure<CredentialOptions>(credentials => credentials.DefaultTokenLifetime = settings.TokenLifetime);
        services.AddExecutorRuns();
        services.Configure<RunOptions>(runs =>
        {
            runs.StepTimeout = settings.StepTimeout;
            runs.MaxStepTimeout = TimeSpan.FromDays(1);
            runs.StopTimeout = settings.StopTimeout;
            runs.RetentionDays = settings.RunRetentionDays;
        });
        services.AddHostedService<StartGarbage>();

        // Steps first, then the redemptions that are under way, then the goodbye.
        services.AddOptions<HostOptions>().Configure<Microsoft.Extensions.Options.IOptions<CredentialOptions>>((host, credentials) =>
            host.ShutdownTimeout = settings.StopTimeout + credentials.Value.RedemptionDeadline + TimeSpan.FromSeconds(10));
    }
}
