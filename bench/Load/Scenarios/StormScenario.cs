using System.Diagnostics;
using System.Net;

namespace Executor.Load.Scenarios;

/// <summary>
/// Everybody wants a token that has to be refreshed first. A credential that was just deposited has none, which is what an expired
/// one comes to.
/// </summary>
internal sealed class StormScenario : IScenario
{
    private const int Callers = 1_000;

    /// <summary>A node's limit at one OAuth server.</summary>
    private const double RefreshesPerSecond = 100;

    public string Name => "storm";

    public string About => "refresh storms on 1, 2 and 4 nodes";

    public async Task RunAsync(Plan plan, Report report)
    {
        if (!plan.Databases.Contains(DatabaseKind.Postgres))
            return;
        var one = new List<string[]>();
        var many = new List<string[]>();
        foreach (var nodes in (int[])[1, 2, 4])
        {
            await using var world = await World.StartAsync(DatabaseKind.Postgres, nodes);
            one.Add(await OneCredentialAsync(world, plan.Count(Callers, 20)));
            many.Add(await ManyCredentialsAsync(world, plan.Count(10_000, 40), plan.Count(Callers, 20)));
        }

        report.Text("PostgreSQL. One credential, all callers at once, spread over the nodes; floor: the same callers when the token is there.");
        report.Table(["nodes", "callers", "until the last is answered", "of these, warm (floor)", "ratio", "grants", "replays of a spent token", "callers' errors"], one);
        report.Text($"Each credential once, by {plan.Count(Callers, 20)} callers who come again at once when they are told to; floor: the limit of {RefreshesPerSecond} refreshes a second and node.");
        report.Table(
            ["nodes", "credentials", "time", "floor", "ratio", "grants per credential", "requests per grant", "most in flight at once", "answers 503", "other errors", "callers' p50", "callers' p99"],
            many);
    }

    private static async Task<string[]> OneCredentialAsync(World world, int callers)
    {
        // Another user's, so that the nodes' code is compiled and their connections are open.
        await world.DepositAsync(world.Node.As(2), "s0", (await world.Sandbox.MintAsync()).RefreshToken);
        await StormAsync(user: 2);
        await world.DepositAsync(world.Node.As(1), "s0", (await world.Sandbox.MintAsync()).RefreshToken);
        var before = await world.Sandbox.OAuthCountersAsync();
        var storm = await StormAsync(user: 1);
        var after = await world.Sandbox.OAuthCountersAsync();
        var warm = await StormAsync(user: 1);
        return
        [
            world.Nodes.Count.ToString(),
            callers.ToString(),
            Figure.Seconds(storm.Elapsed),
            Figure.Seconds(warm.Elapsed),
            Figure.Ratio(storm.Elapsed / warm.Elapsed),
            (after.Issued - before.Issued).ToString(),
            (after.ReplaysOfSpentTokens - before.ReplaysOfSpentTokens).ToString(),
            storm.Errors.ToString(),
        ];

        Task<LoopResult> StormAsync(long user)
        {
            var clients = world.Nodes.Select(node => node.As(user)).ToArray();
            return ClosedLoop.OnceEachAsync(
                callers, callers, async index => (await clients[index % clients.Length].ListToolsAsync("s0")).Status == HttpStatusCode.OK);
        }
    }

    private static async Task<string[]> ManyCredentialsAsync(World world, int credentials, int callers)
    {
        const int FirstUser = 1_000;
        var grants = await world.MintAsync(credentials);
        await Parallel.ForAsync(0, credentials, new ParallelOptions { MaxDegreeOfParallelism = 32 }, async (index, _) =>
            await world.DepositAsync(NodeOf(index).As(FirstUser + index), "s0", grants[index].RefreshToken));
        await Task.Delay(TimeSpan.FromSeconds(1)); // the limit allows a second's worth at once
        var before = await world.Sandbox.OAuthCountersAsync();
        var busy = 0;
        var began = Stopwatch.GetTimestamp();
        var storm = await ClosedLoop.OnceEachAsync(credentials, callers, async index =>
        {
            while (true)
            {
                var answer = await NodeOf(index).As(FirstUser + index).ListToolsAsync("s0");
                if (answer.Status != HttpStatusCode.ServiceUnavailable)
                    return answer.Status == HttpStatusCode.OK;
                Interlocked.Increment(ref busy);
            }
        });
        var time = Stopwatch.GetElapsedTime(began);
        var after = await world.Sandbox.OAuthCountersAsync();
        var floor = TimeSpan.FromSeconds(credentials / (RefreshesPerSecond * world.Nodes.Count));
        var issued = after.Issued - before.Issued;
        return
        [
            world.Nodes.Count.ToString(),
            credentials.ToString(),
            Figure.Seconds(time),
            Figure.Seconds(floor),
            Figure.Ratio(time / floor),
            Figure.Of(issued / (double)credentials),
            Figure.Of((after.GrantRequests - before.GrantRequests) / (double)Math.Max(1, issued)),
            after.MaxConcurrency.ToString(),
            busy.ToString(),
            storm.Errors.ToString(),
            Figure.Milliseconds(storm.Percentile(0.5)),
            Figure.Milliseconds(storm.Percentile(0.99)),
        ];

        Node NodeOf(int index) => world.Nodes[index % world.Nodes.Count];
    }
}
