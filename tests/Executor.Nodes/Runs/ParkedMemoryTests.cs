using System.Net;
using Executor.Nodes.Silos;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Orleans.Configuration;

namespace Executor.Nodes.Runs;

/// <summary>
/// The nodes are hosted in the test process, the only one whose heap can be collected and then counted; nothing else runs in it
/// meanwhile. What one run may cost is far below anything that would hold it: its row alone is more.
/// </summary>
[Collection(Alone.Name)]
public sealed class ParkedMemoryTests
{
    private const int Runs = 10_000;
    private const int Nodes = 2;
    private const double BytesPerRun = 100;

    [PostgresFact]
    public async Task Ten_thousand_parked_runs_cost_no_memory_on_any_node()
    {
        await using var cluster = await Cluster.StartAsync(0);
        var nodes = new List<HostedNode>();
        try
        {
            for (var index = 0; index < Nodes; index++)
                nodes.Add(await HostedNode.StartAsync($"node-{index}", cluster, Configure));
            await StartRunsAsync(nodes, 1_000);
            await cluster.UntilRunsAsync("awaiting_reason = 'needs-oauth-reauth'", 1_000);
            var before = GC.GetTotalMemory(forceFullCollection: true);

            await StartRunsAsync(nodes, Runs);
            await cluster.UntilRunsAsync("awaiting_reason = 'needs-oauth-reauth'", 1_000 + Runs);

            var after = GC.GetTotalMemory(forceFullCollection: true);
            Assert.InRange((after - before) / (double)Runs, double.NegativeInfinity, BytesPerRun);
        }
        finally
        {
            foreach (var node in nodes)
                await node.DisposeAsync();
        }
    }

    // A silo remembers where the last ten thousand grains were. That is bounded, and here it is full before anything is counted.
    private static void Configure(WebApplicationBuilder node) =>
        node.Services.PostConfigure<GrainDirectoryOptions>(directory => directory.CacheSize = 500);

    private static Task StartRunsAsync(List<HostedNode> nodes, int count) => Parallel.ForAsync(
        0, count, new ParallelOptions { MaxDegreeOfParallelism = 32 }, async (index, _) =>
        {
            var answer = await nodes[index % nodes.Count].As(1).StartRunAsync(Run.Of(new Run.Step("create")));
            Assert.Equal(HttpStatusCode.Created, answer.Status);
        });
}

/// <summary>Of tests that measure this process: they run after all others, one at a time.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class Alone
{
    public const string Name = "alone";
}
