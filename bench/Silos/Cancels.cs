using System.Diagnostics;
using System.Net;
using Executor.Sandbox.Mcp;
using Executor.Sandbox.OAuth;

namespace Executor.Silos;

/// <summary>
/// How long from a cancel's request, at the silo that has the run and at another one, until the MCP server has been told. Silos as
/// processes, over TLS.
/// </summary>
internal static class Cancels
{
    private const int Warm = 30;
    private const int Measured = 300;

    public static async Task PrintAsync()
    {
        await using var cluster = await Cluster.StartAsync(2);
        await Calls.EnsureAsync(cluster.Nodes[0].As(1).DepositAsync("strict", cluster.Sandbox.OAuth.Mint(ProviderBehaviour.Strict), cluster.Sandbox));
        cluster.Sandbox.Mcp.SetFault(new McpFault(McpFaultKind.Hang) { Tool = "search", Times = null });
        Console.WriteLine("| cancel of a call in flight | p50, ms | p99, ms |");
        Console.WriteLine("| --- | --- | --- |");
        foreach (var isElsewhere in new[] { false, true })
        {
            for (var run = 0; run < Warm; run++)
                await MeasureAsync(cluster, isElsewhere);
            var times = new List<double>();
            for (var run = 0; run < Measured; run++)
                times.Add((await MeasureAsync(cluster, isElsewhere)).TotalMilliseconds);
            times.Sort();
            Console.WriteLine($"| at {(isElsewhere ? "another silo" : "its silo")} | {times[Measured / 2]:F1} | {times[(Measured * 99 / 100) - 1]:F1} |");
        }

        Console.WriteLine();
    }

    private static async Task<TimeSpan> MeasureAsync(Cluster cluster, bool isElsewhere)
    {
        var before = cluster.Sandbox.Mcp.Journal.Position;
        var started = await Calls.EnsureAsync(cluster.Nodes[0].As(1).StartRunAsync(Calls.RunOf("search")));
        var run = started.Json.GetProperty("id").GetString()!;
        await cluster.Sandbox.Mcp.WaitForRequestsAsync(request => request.Stage == McpStage.Held, after: before);
        var owner = await cluster.ScalarAsync<string>($"SELECT owner_name FROM runs WHERE id = '{run}'");
        var node = cluster.Nodes.First(node => node.Name == owner != isElsewhere).As(1);
        var watch = Stopwatch.StartNew();
        var told = cluster.Sandbox.Mcp.WaitForRequestsAsync(request => request.Cancelled || request.Stage == McpStage.ClientGone, after: before);
        if ((await node.SendAsync(HttpMethod.Post, $"/runs/{run}/cancel")).Status is not (HttpStatusCode.OK or HttpStatusCode.Accepted))
            throw new InvalidOperationException("The run was not cancelled.");
        await told;
        return watch.Elapsed;
    }
}
