using System.Net;

namespace Executor.Load.Scenarios;

/// <summary>A closed loop of runs, whose ends are seen in the database; their calls, bare, are the floor.</summary>
internal sealed class RunScenario : IScenario
{
    private const int Users = 32;

    /// <summary>Steps, and runs at once.</summary>
    private static readonly (int Steps, int Callers)[] Cases = [(1, 1), (1, 32), (1, 256), (10, 1), (10, 32), (10, 256), (100, 32)];

    public string Name => "runs";

    public string About => "runs of 1, 10 and 100 steps";

    public async Task RunAsync(Plan plan, Report report)
    {
        foreach (var kind in plan.Databases)
        {
            await using var world = await World.StartAsync(kind);
            await world.ConnectAsync(plan.Count(Users, 2), World.Servers);
            await using var bare = await BareMcp.ConnectAsync(world, plan.Count(Users, 2));
            await using var finished = await FinishedRuns.WatchAsync(world.Database);
            var table = new CaseTable("step");
            var floors = new Dictionary<int, Measured>();

            // The runtime compiles a method anew when it is known to be hot: longer than elsewhere.
            await ClosedLoop.RunAsync(32, plan.WarmUp * 3, caller => RunAsync(1, caller));
            await ClosedLoop.RunAsync(32, plan.WarmUp, caller => RunAsync(10, caller));
            foreach (var callers in Cases.Select(each => each.Callers).Distinct())
            {
                await ClosedLoop.RunAsync(callers, plan.WarmUp / 2, bare.CallEchoAsync);
                floors[callers] = await ThisProcess.MeasureAsync(() => ClosedLoop.RunAsync(callers, plan.Duration / 2, bare.CallEchoAsync));
                table.Add($"{callers} callers: floor, bare calls", floors[callers]);
            }

            var counts = SharedPostgres.CountsStatements && kind == DatabaseKind.Postgres;
            foreach (var (steps, callers) in Cases)
            {
                if (counts)
                    await StatementTable.BeginAsync(world.Database);
                await ClosedLoop.RunAsync(callers, plan.WarmUp / 4, caller => RunAsync(steps, caller));
                var runs = await world.MeasureAsync(() => ClosedLoop.RunAsync(callers, plan.Duration, caller => RunAsync(steps, caller)), steps);
                table.Add($"{callers} runs at once, {steps} steps each", runs, floors[callers]);
                if (counts)
                {
                    report.Text($"{callers} runs at once, {steps} steps each, {Figure.Of(runs.PerSecond)} steps/s:");
                    await StatementTable.PrintAsync(world.Database, report);
                }
            }

            report.Text($"{world.Database.Name}. Times are those of a whole run, from the request to its end; of a floor, of one call.");
            table.Print(report);

            async Task<bool> RunAsync(int steps, int caller)
            {
                var user = world.Node.As((caller % plan.Count(Users, 2)) + 1);
                var answer = await user.StartRunAsync(RunBodies.Echo(steps, World.Servers[caller / Users % World.Servers.Count]));
                if (answer.Status != HttpStatusCode.Created)
                    return false;
                await finished.WaitAsync(answer.Json.GetProperty("id").GetString()!);
                return true;
            }
        }
    }
}
