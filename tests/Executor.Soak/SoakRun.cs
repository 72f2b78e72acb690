using System.Globalization;

namespace Executor.Soak;

internal static class SoakRun
{
    private static readonly TimeSpan ReportEvery = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan Settling = TimeSpan.FromMinutes(5);

    /// <summary>0 when nothing was violated, 1 otherwise.</summary>
    public static async Task<int> RunAsync(SoakPlan plan, TextWriter output)
    {
        await output.WriteLineAsync($"seed {plan.Seed}, {plan.Nodes} nodes, {plan.Users} users, {plan.Duration}");
        await using var cluster = await Cluster.StartAsync(plan.Nodes);
        var ledger = new Ledger();
        var nodes = new NodeEvents(cluster, ledger);
        var grants = new Grants(cluster.Sandbox, nodes);
        var users = Enumerable.Range(1, plan.Users).Select(id => new User(id, plan.Seed, cluster, nodes, grants, ledger)).ToList();
        var world = new WorldEvents(cluster.Sandbox, grants, ledger);
        var checks = new Checks(cluster, ledger);
        var clock = System.Diagnostics.Stopwatch.StartNew();

        using var over = new CancellationTokenSource(plan.Duration);
        using var reported = new CancellationTokenSource();
        var reporting = ReportAsync(reported.Token);
        var work = users.Select(user => user.WorkAsync(over.Token)).ToList();
        var trouble = new[] { TroubleAsync(nodes.NextAsync, plan.Seed, 5), TroubleAsync(world.NextAsync, plan.Seed + 1, 2) };
        while (!over.IsCancellationRequested)
        {
            await checks.RunAsync();
            await Task.Delay(TimeSpan.FromSeconds(2), CancellationToken.None);
        }

        await Task.WhenAll(trouble);

        // Without further trouble everything that was acknowledged comes to its end.
        world.End();
        await Task.WhenAll(work);
        await Task.WhenAll(users.Select(user => user.SettleAsync(Settling)));
        await checks.RunAsync();
        await checks.EndAsync();
        await reported.CancelAsync();
        await reporting;
        await LineAsync();
        foreach (var violation in ledger.Violations)
            await output.WriteLineAsync($"VIOLATION {violation}");
        var verdict = ledger.Violations.IsEmpty ? "PASSED" : "FAILED";
        await output.WriteLineAsync($"{verdict} seed {plan.Seed}: {ledger.Summary()}");
        return ledger.Violations.IsEmpty ? 0 : 1;

        async Task TroubleAsync(Func<Random, Task> next, int seed, double everySeconds)
        {
            var random = new Random(seed);
            while (!over.IsCancellationRequested)
            {
                await next(random);
                await Task.Delay(TimeSpan.FromSeconds(everySeconds * (0.5 + random.NextDouble())), CancellationToken.None);
            }
        }

        async Task ReportAsync(CancellationToken cancellationToken)
        {
            while (!cancellationToken.IsCancellationRequested)
            {
                await Task.Delay(ReportEvery, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                if (!cancellationToken.IsCancellationRequested)
                    await LineAsync();
            }
        }

        Task LineAsync() => output.WriteLineAsync(
            $"{clock.Elapsed.ToString(@"hh\:mm\:ss", CultureInfo.InvariantCulture)} {ledger.Summary()}; violations {ledger.Violations.Count}");
    }
}
