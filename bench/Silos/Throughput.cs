using System.Diagnostics;

namespace Executor.Silos;

/// <summary>Through the front end, on processes of their own: listings, runs, and a storm of callers of one expired credential.</summary>
internal static class Throughput
{
    private const int Users = 50;
    private const int Callers = 32;
    private const int WarmRuns = 1500;
    private const int MeasuredRuns = 3000;
    private const int StormCallers = 400;

    public static async Task PrintAsync()
    {
        Console.WriteLine("| silos | warm listings/s | one-step runs/s | storm of 400 callers, ms |");
        Console.WriteLine("| --- | --- | --- | --- |");
        await WarmUpAsync();
        foreach (var silos in new[] { 1, 2 })
        {
            await using var cluster = await Cluster.StartAsync(silos);
            Console.WriteLine($"| {silos} | {await MeasureAsync(cluster)} |");
        }

        Console.WriteLine();
    }

    /// <summary>This process compiles as it goes, and is the sandbox as well: whoever is measured first would pay for it.</summary>
    private static async Task WarmUpAsync()
    {
        await using var cluster = await Cluster.StartAsync(1);
        await MeasureAsync(cluster);
    }

    private static async Task<string> MeasureAsync(Cluster cluster)
    {
        for (var user = 1; user <= Users; user++)
            await Calls.DepositAsync(cluster, Node(cluster, user), user);
        var listings = await Calls.RateAsync(
            Callers, call => Calls.EnsureAsync(Node(cluster, call).As(1 + (call % Users)).ListToolsAsync("strict")));
        await RunsAsync(cluster, WarmRuns);
        var runs = await RunsAsync(cluster, MeasuredRuns);

        await Calls.DepositAsync(cluster, cluster.Nodes[0], Users + 1);
        var storm = Stopwatch.StartNew();
        await Task.WhenAll(Enumerable.Range(0, StormCallers).Select(
            call => Calls.EnsureAsync(Node(cluster, call).As(Users + 1).ListToolsAsync("strict"))));
        return $"{listings:N0} | {runs:N0} | {storm.ElapsedMilliseconds}";
    }

    /// <summary>Runs a second, from the first one's start until the database knows of all that they have succeeded.</summary>
    private static async Task<double> RunsAsync(Cluster cluster, int count)
    {
        var before = await DoneAsync(cluster);
        var left = count;
        var watch = Stopwatch.StartNew();
        await Task.WhenAll(Enumerable.Range(0, Callers).Select(_ => Task.Run(async () =>
        {
            while (Interlocked.Decrement(ref left) is >= 0 and var call)
                await Calls.EnsureAsync(Node(cluster, call).As(1 + (call % Users)).StartRunAsync(Calls.RunOf("echo")));
        })));
        while (await DoneAsync(cluster) < before + count)
            await Task.Delay(TimeSpan.FromMilliseconds(20));
        return count / watch.Elapsed.TotalSeconds;
    }

    private static Task<long> DoneAsync(Cluster cluster) =>
        cluster.ScalarAsync<long>("SELECT count(*) FROM runs WHERE status = 'succeeded'");

    private static ClusterNode Node(Cluster cluster, int call) => cluster.Nodes[call % cluster.Nodes.Count];
}
