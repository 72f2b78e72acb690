using Executor.Nodes;
using Executor.Runs.Driving;
using Executor.Runs.Owner;
using Executor.Runs.Scheduling;
using Executor.Servers;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;

namespace Executor.Runs;

public static class RunServices
{
    /// <summary>
    /// Runs, for an engine that brings <see cref="IRuns"/> and <see cref="IRunHost"/>. Needs <see cref="IRunStore"/>, <see cref="IChangeFeed"/>, the
    /// node services, the servers file's catalog, <see cref="AuthorizedMcp"/> with its parts, and metrics.
    /// </summary>
    public static IServiceCollection AddExecutorRuns(this IServiceCollection services, Action<RunOptions>? configure = null)
    {
        services.AddOptions<RunOptions>().Configure(configure ?? (_ => { })).ValidateOnStart();
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<RunOptions>, RunOptionsValidator>());
        services.TryAddSingleton(TimeProvider.System);
        services.TryAddSingleton(Random.Shared);
        services.TryAddSingleton<AuthorizedMcp>();
        services.AddSingleton<RunMetrics>();
        services.AddSingleton<RunWriter>();
        services.AddSingleton<StepRenderer>();
        services.AddSingleton<UnknownOutcome>();
        services.AddSingleton<RunProgress>();
        services.AddSingleton<IRunProgress>(provider => provider.GetRequiredService<RunProgress>());
        services.AddSingleton<DriverParts>();
        services.AddSingleton<SchedulerSignal>();
        services.AddSingleton(provider => new RunSlots(
            provider.GetRequiredService<IOptions<RunOptions>>().Value, provider.GetRequiredService<SchedulerSignal>().Signal));
        services.AddSingleton<RunCrew>();
        services.AddSingleton<RunClaimer>();
        services.AddSingleton<LocalRuns>();
        services.AddSingleton<RunScheduler>();
        services.AddSingleton<IRunDrain>(provider => provider.GetRequiredService<RunScheduler>());
        services.AddSingleton<RunTakeover>();
        services.AddSingleton<RunPruner>();
        services.AddHostedService(provider => provider.GetRequiredService<RunTakeover>());
        services.AddHostedService(provider => provider.GetRequiredService<RunPruner>());
        services.AddHostedService(provider => provider.GetRequiredService<RunScheduler>());
        return services;
    }
}
