using System.Diagnostics;

namespace Executor.Silo.Bench;

/// <summary>Through the front end, on processes of their own: listings, runs, and a storm of callers of one expired credential.</summary>
internal static class Throughput
{
    private const int Users = 50;
    private const int Callers = 32;
    private const int StormCallers = 400;

    public static async Task PrintAsync(NodeProgram silos)
    {
        Console.WriteLine("| engine | nodes | warm listings/s | one-step runs/s | storm of 400 callers, ms |");
        Console.WriteLine("| --- | --- | --- | --- | --- |");
        foreach (var nodes in new[] { 1, 2 })
        {
            foreach (var (engine, program) in new[] { ("direct", NodeProgram.Server), ("silos", silos) })
            {
                NodeProgram.Current = program;
                await using var cluster = await Cluster.StartAsync(nodes);
                Console.WriteLine($"| {engine} | {nodes} | {await MeasureAsync(cluster)} |");
            }
        }

        Console.WriteLine();
    }

    private static async Task<string> MeasureAsync(Cluster cluster)
    {
        for (var user = 1; user <= Users; user++)
            await Calls.DepositAsync(cluster, Node(cluster, user), user);
        var listings = await Calls.RateAsync(
            Callers, call => Calls.EnsureAsync(Node(cluster, call).As(1 + (call % Users)).ListToolsAsync("strict")));
        var runs = await Calls.RateAsync(Callers, async call =>
        {
            var user = Node(cluster, call).As(1 + (call % Users));
            var started = await Calls.EnsureAsync(user.StartRunAsync(Calls.RunOf("echo")));
            await user.RunReachesAsync(started.Json.GetProperty("id").GetString()!, "succeeded");
        });

        await Calls.DepositAsync(cluster, cluster.Nodes[0], Users + 1);
        var storm = Stopwatch.StartNew();
        await Task.WhenAll(Enumerable.Range(0, StormCallers).Select(
            call => Calls.EnsureAsync(Node(cluster, call).As(Users + 1).ListToolsAsync("strict"))));
        return $"{listings:N0} | {runs:N0} | {storm.ElapsedMilliseconds}";
    }

    private static ClusterNode Node(Cluster cluster, int call) => cluster.Nodes[call % cluster.Nodes.Count];
}
