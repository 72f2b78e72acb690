using System.Diagnostics;

namespace Executor.Silos;

/// <summary>
/// Three silos, their database and their callers on the same processors, all of them busy: does a silo take another one for dead, and
/// does what they remember grow?
/// </summary>
internal static class Pressure
{
    private static readonly TimeSpan _warm = TimeSpan.FromMinutes(2);
    private static readonly TimeSpan _watched = TimeSpan.FromMinutes(10);

    public static async Task PrintAsync()
    {
        await using var cluster = await Cluster.StartAsync(3);
        var traffic = await Traffic.StartAsync(cluster);
        await Task.Delay(_warm);
        var (runsBefore, before) = (await RunsAsync(cluster), Resident(cluster));
        await Task.Delay(_watched - _warm);
        var (runsAfter, after) = (await RunsAsync(cluster), Resident(cluster));
        await traffic.StopAsync();

        const int Dead = 6;
        Console.WriteLine("| ten minutes of full load on three silos | seen |");
        Console.WriteLine("| --- | --- |");
        Console.WriteLine($"| silos that were declared dead | {await cluster.ScalarAsync<long>($"SELECT count(*) FROM silo_members WHERE status = {Dead}")} |");
        Console.WriteLine($"| silos that were suspected by another | {await cluster.ScalarAsync<long>("SELECT count(*) FROM silo_members WHERE suspect_times <> ''")} |");
        Console.WriteLine($"| memory of the three after {runsBefore:N0} runs, MB | {before} |");
        Console.WriteLine($"| after {runsAfter:N0} runs | {after} |");
        Console.WriteLine($"| errors seen by callers, of {traffic.Calls:N0} calls | {traffic.Errors.Count} |");
        foreach (var error in traffic.Errors.Distinct(StringComparer.Ordinal).Take(5))
            Console.WriteLine(error);
        Console.WriteLine();
    }

    private static Task<long> RunsAsync(Cluster cluster) => cluster.ScalarAsync<long>("SELECT count(*) FROM runs");

    private static string Resident(Cluster cluster) => string.Join(", ", cluster.Nodes.Select(node =>
    {
        using var process = Process.GetProcessById(node.Process.Id);
        return $"{process.WorkingSet64 / 1e6:F0}";
    }));
}
