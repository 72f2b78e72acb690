using Executor.Nodes;
using Executor.Servers;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Executor.Mcp;

public static class McpServiceCollectionExtensions
{
    /// <summary>
    /// Adds <see cref="IMcpGateway"/> and <see cref="AuthorizedMcp"/>. Needs <see cref="IDetachedWork"/>, <see cref="IChangeFeed"/>,
    /// <see cref="Executor.Credentials.ICredentials"/> and a meter factory.
    /// </summary>
    public static IServiceCollection AddExecutorMcp(this IServiceCollection services, Action<McpOptions>? configure = null)
    {
        var options = new McpOptions();
        configure?.Invoke(options);
        options.Validate();

        services.TryAddSingleton(TimeProvider.System);
        services.AddSingleton(options);
        services.AddSingleton<McpInstruments>();
        services.AddSingleton<IMcpGateway, McpGateway>();
        services.AddSingleton<AuthorizedMcp>();
        return services;
    }
}
