using System.Diagnostics;

namespace Executor.Silos;

/// <summary>A third silo joins under load, and the first leaves by SIGTERM: how long either takes, and how much of the runs the new one drives.</summary>
internal static class Scaling
{
    private static readonly TimeSpan _watched = TimeSpan.FromSeconds(10);

    public static async Task PrintAsync()
    {
        await using var cluster = await Cluster.StartAsync(2);
        await cluster.ScalarAsync<object>(CountClaims(cluster.Schema));
        var traffic = await Traffic.StartAsync(cluster);
        await Task.Delay(_watched);

        var watch = Stopwatch.StartNew();
        var third = await cluster.AddNodeAsync();
        var joined = watch.Elapsed;
        traffic.InService = [.. traffic.InService, third];
        while (await DrivenAsync(cluster, third) == 0)
            await Task.Delay(TimeSpan.FromMilliseconds(20));
        var drives = watch.Elapsed;
        var before = (Own: await DrivenAsync(cluster, third), All: await DrivenAsync(cluster));
        await Task.Delay(_watched);
        var after = (Own: await DrivenAsync(cluster, third), All: await DrivenAsync(cluster));

        var leaving = cluster.Nodes[0];
        traffic.InService = [.. traffic.InService.Where(node => node != leaving)];
        watch.Restart();
        leaving.Process.Terminate();
        await leaving.Process.ExitCodeAsync();
        var left = watch.Elapsed;
        await traffic.StopAsync();

        Console.WriteLine("| a silo | seen |");
        Console.WriteLine("| --- | --- |");
        Console.WriteLine($"| from its start until it is ready, s | {joined.TotalSeconds:F1} |");
        Console.WriteLine($"| from its start until it has driven a run, s | {drives.TotalSeconds:F1} |");
        Console.WriteLine($"| share of the runs that it drives of three silos, 10 s long | {(double)(after.Own - before.Own) / (after.All - before.All):P0} |");
        Console.WriteLine($"| from SIGTERM until it has left, s | {left.TotalSeconds:F1} |");
        Console.WriteLine($"| errors seen by callers, of {traffic.Calls:N0} calls | {traffic.Errors.Count} |");
        foreach (var error in traffic.Errors.Distinct(StringComparer.Ordinal).Take(5))
            Console.WriteLine(error);
    }

    private static async Task<long> DrivenAsync(Cluster cluster, ClusterNode? by = null) => await cluster.ScalarAsync<long>(
        $"SELECT count(*) FROM claims {(by is null ? "" : $"WHERE node = '{by.Name}'")}");

    private static string CountClaims(string schema) => $"""
        CREATE TABLE "{schema}".claims (node TEXT NOT NULL);
        CREATE FUNCTION "{schema}".note_claim() RETURNS trigger LANGUAGE plpgsql AS
          $$ BEGIN INSERT INTO "{schema}".claims VALUES (NEW.owner_name); RETURN NULL; END $$;
        CREATE TRIGGER claimed AFTER UPDATE ON "{schema}".runs FOR EACH ROW
          WHEN (NEW.owner_name IS NOT NULL AND OLD.owner_name IS NULL) EXECUTE FUNCTION "{schema}".note_claim();
        """;
}
