using System.Collections.Concurrent;
using System.Net;

namespace Executor.Nodes.DatabaseTrouble;

/// <summary>What an orchestrator's probes are told while something happens to the database.</summary>
internal sealed class Probes : IAsyncDisposable
{
    private static readonly TimeSpan Pace = TimeSpan.FromMilliseconds(200);

    private readonly ConcurrentDictionary<ClusterNode, bool> _left = new();
    private readonly CancellationTokenSource _end = new();
    private readonly Task _probing;

    public Probes(Cluster cluster) => _probing = Task.WhenAll(cluster.Nodes.Select(ProbeAsync));

    /// <summary>Returns when every one of the nodes says whether to send requests to it as told.</summary>
    public static Task AgreeAsync(HttpStatusCode readiness, params IEnumerable<ClusterNode> nodes) => Task.WhenAll(nodes.Select(node =>
        Eventually.TrueAsync(async () => await node.ReadinessAsync() == readiness, TimeSpan.FromSeconds(60))));

    /// <summary>The node is about to stop.</summary>
    public void Leave(ClusterNode node) => _left[node] = true;

    public async ValueTask DisposeAsync()
    {
        await _end.CancelAsync();
        await _probing;
        _end.Dispose();
    }

    /// <summary>A node that is kept from its database is not one that should be killed.</summary>
    private async Task ProbeAsync(ClusterNode node)
    {
        while (!_end.IsCancellationRequested)
        {
            try
            {
                using var answer = await node.Http.GetAsync("/livez");
                Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
            }
            catch (HttpRequestException) when (_left.ContainsKey(node))
            {
                return;
            }

            await Task.Delay(Pace);
        }
    }
}
