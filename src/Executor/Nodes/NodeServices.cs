using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Executor.Nodes;

public static class NodeServices
{
    /// <summary>
    /// This node's life. Needs <see cref="INodeRegistry"/>. To be added before every other hosted service: the node enters first
    /// and leaves last.
    /// </summary>
    public static IServiceCollection AddExecutorNodes(this IServiceCollection services)
    {
        services.AddOptions<NodeOptions>();
        services.TryAddSingleton(TimeProvider.System);
        services.TryAddSingleton<NodeState>();
        services.TryAddSingleton<IDetachedWork, DetachedWork>();
        services.AddSingleton<NodeLiveness>();
        services.AddSingleton<INodeLiveness>(provider => provider.GetRequiredService<NodeLiveness>());
        services.AddHostedService<NodeHeart>();
        return services;
    }
}
