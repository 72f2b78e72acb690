using System.Diagnostics;

namespace Executor.Load.Scenarios;

/// <summary>What parked runs cost a node, and how fast one deposit wakes many of them.</summary>
internal sealed class ParkedScenario : IScenario
{
    public string Name => "parked";

    public string About => "a million parked runs";

    public async Task RunAsync(Plan plan, Report report)
    {
        var count = plan.Count(1_000_000, 1_000);
        var crowd = plan.Count(10_000, 100);
        var rows = new List<string[]>();
        foreach (var kind in plan.Databases)
        {
            await using var world = await World.StartAsync(kind);
            await world.StopNodesAsync();
            var (emptyStart, emptyMemory) = await StartAsync(world, plan);
            await new ParkedRuns(world).FillAsync(count, crowd);
            await Console.Error.WriteLineAsync($"{world.Database.Name}: {count:N0} runs are parked");
            var (start, memory) = await StartAsync(world, plan);
            var grant = await world.Sandbox.MintAsync();

            var clock = Stopwatch.StartNew();
            await world.DepositAsync(world.Node.As(ParkedRuns.Crowd), "s0", grant.RefreshToken);
            var woken = clock.Elapsed;
            await Eventually.TrueAsync(
                async () => await world.Database.ScalarAsync<long>(
                    $"SELECT count(*) FROM runs WHERE user_id = {ParkedRuns.Crowd} AND finished_at IS NOT NULL") == crowd,
                TimeSpan.FromMinutes(2));
            var done = clock.Elapsed;
            var waiting = await world.Database.ScalarAsync<long>("SELECT count(*) FROM runs WHERE status = 'awaiting-input'");
            if (waiting != count - crowd + 2)
                throw new InvalidOperationException($"{waiting} runs wait; {count - crowd + 2} should.");
            rows.Add(
            [
                world.Database.Name,
                $"{count:N0}",
                Figure.Seconds(start),
                Figure.Seconds(emptyStart),
                Figure.Megabytes(memory),
                Figure.Megabytes(emptyMemory),
                Figure.Ratio(memory / emptyMemory),
                Figure.Seconds(woken),
                Figure.Seconds(done),
                Figure.Of(crowd / (done - woken).TotalSeconds),
            ]);
        }

        report.Text($"One node. {crowd:N0} of the parked runs are one user's, and wait for the credential that is deposited. The floor is the same node on the same database without them.");
        report.Table(
            ["database", "parked runs", "start to ready", "floor", "memory after 5 s", "floor", "ratio", $"{crowd:N0} woken", "and all at their end", "runs/s between"],
            rows);
    }

    private static async Task<(TimeSpan Start, double Memory)> StartAsync(World world, Plan plan)
    {
        var node = await world.AddNodeAsync(isMeasured: false);
        await Task.Delay(plan.Tiny ? TimeSpan.Zero : TimeSpan.FromSeconds(5));
        return (node.Startup, ProcessFigures.Resident(node.Id));
    }
}
