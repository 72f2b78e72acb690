using Orleans.Hosting;

namespace Executor.Silo.Hosting;

/// <summary>
/// Starts and stops the silo, and bounds its goodbye. All work is done by then, but the database may not answer, or be another one. The
/// silo would go on saying goodbye to it for as long as the host waits. The other silos find out without.
/// </summary>
internal sealed partial class SiloGoodbye(IHostedService silo, ILogger<SiloGoodbye> logger) : IHostedService
{
    private static readonly TimeSpan _patience = TimeSpan.FromSeconds(10);

    /// <summary>Takes the place of the service that <see cref="GenericHostExtensions"/> has added, which is not public.</summary>
    public static void Bound(IServiceCollection services)
    {
        var own = services.Single(service =>
            service.ServiceType == typeof(IHostedService) && service.ImplementationType?.FullName == "Orleans.Hosting.SiloHostedService");
        services[services.IndexOf(own)] = ServiceDescriptor.Singleton<IHostedService>(provider => new SiloGoodbye(
            (IHostedService)ActivatorUtilities.CreateInstance(provider, own.ImplementationType!),
            provider.GetRequiredService<ILogger<SiloGoodbye>>()));
    }

    public Task StartAsync(CancellationToken cancellationToken) => silo.StartAsync(cancellationToken);

    public async Task StopAsync(CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(_patience);
        try
        {
            await silo.StopAsync(limit.Token).WaitAsync(limit.Token);
        }
        catch (OperationCanceledException)
        {
            Log.Unsaid(logger, _patience.TotalSeconds);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Warning, Message = "The silo could not say goodbye to its cluster within {Seconds} s, and leaves without")]
        public static partial void Unsaid(ILogger logger, double seconds);
    }
}
