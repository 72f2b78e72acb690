using System.Diagnostics;
using System.Net;
using Executor.Sandbox.Mcp;

namespace Executor.Silos;

/// <summary>
/// A node that is at a tool call, and has the credentials of some users, is killed or frozen. How long until another node calls the
/// tool again, and how long the users' callers at another node wait.
/// </summary>
internal static class Failovers
{
    private const int Users = 20;

    private static readonly (string Name, (string, string)[] Settings)[] _memberships =
    [
        ("Orleans' own: 5 s, 3 missed", [("SILO_PROBE_TIMEOUT_MS", "5000"), ("SILO_MISSED_PROBES", "3")]),
        ("default: 1 s, 3 missed", []),
        ("tight: 300 ms, 2 missed", [("SILO_PROBE_TIMEOUT_MS", "300"), ("SILO_MISSED_PROBES", "2")]),
    ];

    public static async Task PrintAsync()
    {
        Console.WriteLine("| membership | struck by | its run goes on after, s | its users' callers elsewhere wait at most, s |");
        Console.WriteLine("| --- | --- | --- | --- |");
        foreach (var (name, settings) in _memberships)
            await PrintAsync(name, settings);
        Console.WriteLine();
    }

    private static async Task PrintAsync(string name, (string, string)[] settings)
    {
        foreach (var isKilled in new[] { true, false })
        {
            await using var cluster = await Cluster.StartAsync(3, settings: settings);
            var (run, callers) = await StrikeAsync(cluster, isKilled);
            Console.WriteLine($"| {name} | {(isKilled ? "kill" : "freeze")} | {run.TotalSeconds:F1} | {callers.TotalSeconds:F1} |");
        }
    }

    private static async Task<(TimeSpan Run, TimeSpan Callers)> StrikeAsync(Cluster cluster, bool isKilled)
    {
        // The whole load goes to one node, so that it has the run and the credentials.
        var victim = cluster.Nodes[0];
        for (var user = 1; user <= Users; user++)
        {
            await Calls.DepositAsync(cluster, victim, user);
            await Calls.EnsureAsync(victim.As(user).ListToolsAsync("strict"));
        }

        cluster.Sandbox.Mcp.SetFault(new McpFault(McpFaultKind.Hang) { Tool = "search", Times = null });
        await Calls.EnsureAsync(victim.As(1).StartRunAsync(Calls.RunOf("search")));
        await cluster.Sandbox.Mcp.WaitForHeldAsync();
        var driver = await cluster.ScalarAsync<string>("SELECT owner_name FROM runs");
        victim = cluster.Nodes.Single(node => node.Name == driver);
        var survivor = cluster.Nodes.First(node => node != victim);

        var watch = Stopwatch.StartNew();
        if (isKilled)
            victim.Process.Kill();
        else
            victim.Process.Freeze();
        var callers = Enumerable.Range(1, Users).Select(async user =>
        {
            while ((await survivor.As(user).ListToolsAsync("strict")).Status != HttpStatusCode.OK)
                await Task.Delay(TimeSpan.FromMilliseconds(100));
            return watch.Elapsed;
        }).ToList();
        await cluster.Sandbox.Mcp.WaitForRequestsAsync(request => request.Tool == "search", count: 2, timeout: TimeSpan.FromMinutes(3));
        var run = watch.Elapsed;
        var waits = await Task.WhenAll(callers);
        cluster.Sandbox.Mcp.Release();
        return (run, waits.Max());
    }
}
