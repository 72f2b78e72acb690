using System.Net;

namespace Executor.Load.Scenarios;

/// <summary>One run at a time on an idle node, seen by when its call reaches the MCP server: one machine, one clock.</summary>
internal sealed class LatencyScenario : IScenario
{
    private static readonly TimeSpan Idle = TimeSpan.FromMilliseconds(20);

    public string Name => "latency";

    public string About => "start to first call, deposit to resumed call";

    public async Task RunAsync(Plan plan, Report report)
    {
        foreach (var kind in plan.Databases)
        {
            await using var world = await World.StartAsync(kind);
            var samples = plan.Count(200, 3);
            await world.ConnectAsync(1, ["s0"]);
            await using var bare = await BareMcp.ConnectAsync(world, 1);
            var last = 0L;
            for (var warm = plan.Count(100, 1); warm > 0; warm--)
                await StartAsync(0);
            for (var warm = 1; warm <= plan.Count(50, 1); warm++)
                await ResumeAsync(warm + 10_000);

            var call = await SampleAsync(BareAsync);
            var start = await SampleAsync(StartAsync);
            var refresh = await SampleAsync(RefreshAsync);
            var resume = await SampleAsync(ResumeAsync);

            report.Text($"{world.Database.Name}. {samples} times one after the other, {Idle.TotalMilliseconds} ms apart.");
            report.Table(
                ["from, to", "p50 ms", "p99 ms", "ratio to floor (p50)"],
                [
                    ["floor: bare call, until it is received", .. Row(call, null)],
                    ["request to start a run, until its first call is received", .. Row(start, call)],
                    ["floor: bare refresh and bare call, until it is received", .. Row(refresh, null)],
                    ["deposit, until the parked run's call is received (a refresh is between)", .. Row(resume, refresh)],
                ]);

            async Task<double[]> SampleAsync(Func<int, Task<double>> once)
            {
                var times = new double[samples];
                for (var index = 0; index < samples; index++)
                {
                    await Task.Delay(Idle);
                    times[index] = await once(index);
                }

                return times;
            }

            async Task<double> ReceivedAsync(DateTimeOffset began)
            {
                var received = await world.Sandbox.NextCallAsync("echo", last);
                last = received.Sequence;
                return (received.ReceivedAt - began).TotalMilliseconds;
            }

            async Task<double> BareAsync(int index)
            {
                var began = DateTimeOffset.UtcNow;
                await bare.CallEchoAsync(0);
                return await ReceivedAsync(began);
            }

            async Task<double> StartAsync(int index)
            {
                var began = DateTimeOffset.UtcNow;
                await World.ExpectAsync(world.Node.As(1).StartRunAsync(RunBodies.Echo(1, "s0")), HttpStatusCode.Created);
                return await ReceivedAsync(began);
            }

            async Task<double> RefreshAsync(int index)
            {
                var grant = await world.Sandbox.MintAsync();
                var began = DateTimeOffset.UtcNow;
                await world.Sandbox.RedeemAsync(grant.RefreshToken);
                await bare.CallEchoAsync(0);
                return await ReceivedAsync(began);
            }

            async Task<double> ResumeAsync(int index)
            {
                var user = world.Node.As(1_000 + index);
                var run = (await user.StartRunAsync(RunBodies.Echo(1, "s0"))).Json.GetProperty("id").GetString()!;
                await user.RunReachesAsync(run, "awaiting-input");
                var grant = await world.Sandbox.MintAsync();
                await Task.Delay(Idle);
                var began = DateTimeOffset.UtcNow;
                await world.DepositAsync(user, "s0", grant.RefreshToken);
                return await ReceivedAsync(began);
            }
        }
    }

    private static string[] Row(double[] times, double[]? floor)
    {
        var seen = new LoopResult(TimeSpan.Zero, times, 0);
        return
        [
            Figure.Of(seen.Percentile(0.5)),
            Figure.Of(seen.Percentile(0.99)),
            Figure.Ratio(floor is null ? null : seen.Percentile(0.5) / new LoopResult(TimeSpan.Zero, floor, 0).Percentile(0.5)),
        ];
    }
}
