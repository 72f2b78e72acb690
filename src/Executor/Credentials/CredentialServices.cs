using Executor.Credentials.Owner;
using Executor.Credentials.Pacing;
using Executor.Credentials.Refresh;
using Executor.Nodes;
using Executor.Security;
using Executor.Security.Endpoints;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;

namespace Executor.Credentials;

public static class CredentialServices
{
    /// <summary>
    /// The credential owners, for an engine to route to: it brings <see cref="ICredentials"/> and <see cref="ICredentialRecoverer"/>.
    /// Needs <see cref="ICredentialStore"/>, the node services, the servers file's catalog, a <see cref="Keyring"/> and an
    /// <see cref="EndpointGuard"/>.
    /// </summary>
    public static IServiceCollection AddExecutorCredentials(this IServiceCollection services)
    {
        services.AddOptions<CredentialOptions>().ValidateOnStart();
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<CredentialOptions>, CredentialOptionsValidator>());
        services.TryAddSingleton(TimeProvider.System);
        services.TryAddSingleton(Random.Shared);
        services.TryAddSingleton<NodeState>();
        services.TryAddSingleton<SecretBox>();
        services.TryAddSingleton<LineageHash>();
        services.AddSingleton<CredentialVault>();
        services.AddSingleton<CredentialAlarms>();
        services.AddSingleton<RefreshMetrics>();
        services.AddSingleton<RefreshTargets>();
        services.TryAddSingleton(provider => new GuardedHttpOptions());
        services.AddSingleton(provider => new TokenEndpointClient(
            new HttpMessageInvoker(GuardedHttp.CreateHandler(
                provider.GetRequiredService<EndpointGuard>(), provider.GetRequiredService<GuardedHttpOptions>())),
            provider.GetRequiredService<TimeProvider>()));
        services.AddSingleton<RefusedResources>();
        services.AddSingleton<Redeemer>();
        services.AddSingleton<IntentOpener>();
        services.AddSingleton<RefreshGate>();
        services.AddSingleton<RefreshFlight>();
        services.AddSingleton<LocalOwners>();
        services.AddSingleton<ProbeSweep>();
        services.AddSingleton<CredentialRecovery>();
        services.AddHostedService(provider => provider.GetRequiredService<CredentialRecovery>());
        services.AddHostedService<Resealing>();
        return services;
    }
}
