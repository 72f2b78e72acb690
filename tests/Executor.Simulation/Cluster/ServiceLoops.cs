using System.Reflection;
using System.Runtime.CompilerServices;
using Microsoft.Extensions.Hosting;

namespace Executor.Simulation.Cluster;

/// <summary>Starts what hosted services do in the background, where the host would start it on the thread pool.</summary>
internal static class ServiceLoops
{
    private static readonly Func<BackgroundService, CancellationToken, Task> ExecuteAsync =
        typeof(BackgroundService)
            .GetMethod("ExecuteAsync", BindingFlags.Instance | BindingFlags.NonPublic)!
            .CreateDelegate<Func<BackgroundService, CancellationToken, Task>>();

    public static Task Execute(BackgroundService service, CancellationToken stopping)
    {
        var loop = ExecuteAsync(service, stopping);
        ExecuteTask(service) = loop; // who drains waits for it
        return loop;
    }

    [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "_executeTask")]
    private static extern ref Task? ExecuteTask(BackgroundService service);
}
