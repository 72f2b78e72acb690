using Orleans.Runtime;

namespace Executor.Silo;

/// <summary>What to do when a silo does not answer.</summary>
internal static class Failover
{
    /// <param name="call">To a grain.</param>
    /// <param name="instead">The same, without the cluster.</param>
    public static async Task<T> CallAsync<T>(Func<Task<T>> call, Func<Task<T>> instead)
    {
        try
        {
            return await call();
        }
        catch (Exception fault) when (fault is OrleansException or TimeoutException or ObjectDisposedException)
        {
            return await instead();
        }
    }
}
