using System.Diagnostics;
using System.Net;
using Executor.Sandbox.OAuth;

namespace Executor.Silos;

/// <summary>What the measurements have in common.</summary>
internal static class Calls
{
    private static readonly TimeSpan _warm = TimeSpan.FromSeconds(4);
    private static readonly TimeSpan _measured = TimeSpan.FromSeconds(6);

    /// <summary>Calls a second by so many callers, who do not pause, after a warm-up.</summary>
    public static async Task<double> RateAsync(int callers, Func<int, Task> call)
    {
        await CountAsync(callers, call, _warm);
        return await CountAsync(callers, call, _measured);
    }

    public static Task DepositAsync(Cluster cluster, ClusterNode through, long user) =>
        EnsureAsync(through.As(user).DepositAsync("strict", cluster.Sandbox.OAuth.Mint(ProviderBehaviour.Strict), cluster.Sandbox));

    public static string RunOf(string tool) =>
        $$$"""{"name":"bench","steps":[{"id":"a","type":"mcp","mcpServerId":"strict","tool":"{{{tool}}}","arguments":{"text":"x","query":"x"}}]}""";

    public static async Task<NodeClient.Answer> EnsureAsync(Task<NodeClient.Answer> call)
    {
        var answer = await call;
        return answer.Status is HttpStatusCode.OK or HttpStatusCode.Created
            ? answer
            : throw new InvalidOperationException($"{answer.Status}: {answer.Body}");
    }

    private static async Task<double> CountAsync(int callers, Func<int, Task> call, TimeSpan time)
    {
        var calls = 0;
        var watch = Stopwatch.StartNew();
        await Task.WhenAll(Enumerable.Range(0, callers).Select(_ => Task.Run(async () =>
        {
            while (watch.Elapsed < time)
                await call(Interlocked.Increment(ref calls));
        })));
        return calls / watch.Elapsed.TotalSeconds;
    }
}
