using System.Net;

namespace Executor.Load.Scenarios;

/// <summary>Each deposit brings another refresh token, so that each is a change.</summary>
internal sealed class DepositScenario : IScenario
{
    private const int Callers = 32;
    private const int Users = 512;

    public string Name => "deposits";

    public string About => "deposits over HTTP";

    public async Task RunAsync(Plan plan, Report report)
    {
        foreach (var kind in plan.Databases)
        {
            await using var world = await World.StartAsync(kind);
            var users = Enumerable.Range(1, Users).Select(user => world.Node.As(user)).ToArray();
            var number = 0;
            var table = new CaseTable("deposit");
            foreach (var callers in (int[])[1, Callers])
            {
                await ClosedLoop.RunAsync(callers, plan.WarmUp, DepositAsync);
                await ClosedLoop.RunAsync(callers, plan.WarmUp, AskNothingAsync);
                var nothing = await world.MeasureAsync(() => ClosedLoop.RunAsync(callers, plan.Duration / 2, AskNothingAsync));
                Measured commit;
                await using (var bare = await world.Database.BareCommitAsync(callers))
                {
                    await ClosedLoop.RunAsync(callers, plan.WarmUp / 2, bare.CommitAsync);
                    commit = await ThisProcess.MeasureAsync(() => ClosedLoop.RunAsync(callers, plan.Duration / 2, bare.CommitAsync)) with { Commits = 1 };
                }

                var deposits = await world.MeasureAsync(() => ClosedLoop.RunAsync(callers, plan.Duration, DepositAsync));
                table.Add($"{callers} callers: floor, authenticated and then 404", nothing);
                table.Add($"{callers} callers: floor, a bare one-row commit", commit);
                table.Add($"{callers} callers: deposit, beside the first floor", deposits, nothing);
                table.Add($"{callers} callers: deposit, beside the second", deposits, commit);
            }

            report.Text($"{world.Database.Name}. The bare commits are made by the load generator, without a node.");
            table.Print(report);

            NodeClient Next(out int token)
            {
                token = Interlocked.Increment(ref number);
                return users[token % Users];
            }

            async Task<bool> DepositAsync(int caller)
            {
                var user = Next(out var token);
                var answer = await user.SendAsync(HttpMethod.Post, "/mcp-oauth-credentials", world.DepositOf("s0", $"sandbox_rt_{token}"));
                return answer.Status == HttpStatusCode.OK;
            }

            async Task<bool> AskNothingAsync(int caller) =>
                (await Next(out _).SendAsync(HttpMethod.Get, "/nothing")).Status == HttpStatusCode.NotFound;
        }
    }
}
