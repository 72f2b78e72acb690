using Executor.Credentials;
using Executor.Credentials.Owner;
using Executor.Runs;
using Executor.Runs.Driving;
using Executor.Runs.Owner;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Executor.Testing.Engine;

/// <summary>
/// The smallest engine that there can be, for the simulation and for tests of the domain by itself: owners in this process, and runs
/// driven where they were claimed.
/// </summary>
internal static class DirectEngine
{
    /// <summary>Whatever of it was not added before.</summary>
    public static IServiceCollection AddDirectEngine(this IServiceCollection services)
    {
        services.TryAddSingleton<DirectCredentials>();
        services.TryAddSingleton<ICredentials>(provider => provider.GetRequiredService<DirectCredentials>());
        services.TryAddSingleton<ICredentialRecoverer>(provider => provider.GetRequiredService<DirectCredentials>());
        services.TryAddSingleton<IRuns>(provider => provider.GetRequiredService<LocalRuns>());
        services.TryAddSingleton<IRunHost, DirectRunHost>();
        return services;
    }
}

internal sealed class DirectCredentials(LocalOwners owners) : ICredentials, ICredentialRecoverer
{
    public ICredentialOwner For(CredentialKey key) => owners.Activate(key);

    public Task RecoverAsync(CredentialKey key, CancellationToken cancellationToken) => owners.Activate(key).RecoverAsync(cancellationToken);
}

internal sealed class DirectRunHost : IRunHost
{
    public Task HostAsync(RunId run, Func<Task> drive) => drive();
}
