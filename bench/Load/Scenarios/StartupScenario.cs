using System.Diagnostics;

namespace Executor.Load.Scenarios;

/// <summary>Time and memory of a node that has been started as an operator would, several times.</summary>
internal sealed class StartupScenario : IScenario
{
    private static readonly TimeSpan Rest = TimeSpan.FromSeconds(5);

    public string Name => "startup";

    public string About => "start to ready, and memory";

    public async Task RunAsync(Plan plan, Report report)
    {
        var rows = new List<string[]>();
        foreach (var kind in plan.Databases)
        {
            await using var world = await World.StartAsync(kind);
            await world.StopNodesAsync();
            var starts = new List<double>();
            var floors = new List<double>();
            var idle = new List<double>();
            for (var turn = 0; turn < plan.Count(7, 1); turn++)
            {
                floors.Add(await StartSandboxAsync());
                var node = await world.AddNodeAsync(isMeasured: false);
                starts.Add(node.Startup.TotalMilliseconds);
                if (turn < 3)
                {
                    await Task.Delay(plan.Tiny ? TimeSpan.Zero : Rest);
                    idle.Add(ProcessFigures.Resident(node.Id));
                }

                await world.StopNodesAsync();
            }

            var loaded = await world.AddNodeAsync(isMeasured: false);
            await LoadAsync(world, plan);
            var atOnce = ProcessFigures.Resident(loaded.Id);
            await Task.Delay(plan.Tiny ? TimeSpan.Zero : Rest);
            rows.Add(
            [
                world.Database.Name,
                Figure.Milliseconds(Median(starts)),
                Figure.Milliseconds(starts.Max()),
                Figure.Milliseconds(Median(floors)),
                Figure.Ratio(Median(starts) / Median(floors)),
                Figure.Megabytes(Median(idle)),
                Figure.Megabytes(atOnce),
                Figure.Megabytes(ProcessFigures.Resident(loaded.Id)),
                Figure.Megabytes(ProcessFigures.Anonymous(loaded.Id)),
            ]);
        }

        report.Text("Medians of several starts on a database that is there. The floor is another ASP.NET Core process of this repository, the sandbox, until it listens. Load: runs of ten steps, 32 at once, and deposits. Memory is resident memory, with the runtime's own files, 5 s after the start or the load.");
        report.Table(
            ["database", "start to ready", "longest", "floor", "ratio", "idle", "at the end of load", "5 s later", "of that, its own (anonymous)"], rows);
    }

    private static async Task<double> StartSandboxAsync()
    {
        var began = Stopwatch.GetTimestamp();
        using var sandbox = await SandboxProcess.StartAsync();
        await sandbox.OAuthCountersAsync();
        return Stopwatch.GetElapsedTime(began).TotalMilliseconds;
    }

    private static async Task LoadAsync(World world, Plan plan)
    {
        const int Users = 32;
        await world.ConnectAsync(Users, ["s0"]);
        await using var finished = await FinishedRuns.WatchAsync(world.Database);
        await ClosedLoop.RunAsync(Users, plan.Duration * 2, async caller =>
        {
            var user = world.Node.As(caller + 1);
            var answer = await user.StartRunAsync(RunBodies.Echo(10, "s0"));
            await finished.WaitAsync(answer.Json.GetProperty("id").GetString()!);
            await world.DepositAsync(user, "s1", $"sandbox_rt_{Guid.NewGuid():N}");
            return true;
        });
    }

    private static double Median(List<double> values) => values.Order().ElementAt(values.Count / 2);
}
