using System.Collections.Concurrent;
using System.Net;
using Executor.Sandbox.OAuth;

namespace Executor.Nodes.Silos;

/// <summary>Operators add and remove silos while callers go on. A load balancer knows those in service.</summary>
public sealed class ScalingTests
{
    private const int Users = 16;
    private const string Echo =
        """{"name":"load","steps":[{"id":"a","type":"mcp","mcpServerId":"strict","tool":"echo","arguments":{"text":"x"}}]}""";

    private readonly ConcurrentQueue<string> _wrong = new();
    private readonly ConcurrentDictionary<string, long> _started = new(StringComparer.Ordinal);
    private volatile IReadOnlyList<ClusterNode> _inService = [];
    private volatile bool _over;

    [PostgresFact]
    public async Task Silo_that_joins_takes_load_and_one_that_leaves_gives_it_up_without_any_caller_seeing_an_error()
    {
        await using var cluster = await Cluster.StartAsync(2);
        _inService = [.. cluster.Nodes];
        for (var user = 1; user <= Users; user++)
        {
            var grant = cluster.Sandbox.OAuth.Mint(ProviderBehaviour.Strict);
            Assert.Equal(HttpStatusCode.OK, (await cluster.Nodes[user % 2].As(user).DepositAsync("strict", grant, cluster.Sandbox)).Status);
        }

        var callers = Enumerable.Range(1, Users).Select(user => CallAsync(user)).ToList();
        await GoesOnAsync();

        var third = await cluster.AddNodeAsync();
        _inService = [.. _inService, third];
        await DrivesAsync(cluster, third);

        var leaving = cluster.Nodes[0];
        _inService = [.. _inService.Where(node => node != leaving)];
        leaving.Process.Terminate();
        Assert.Equal(0, await leaving.Process.ExitCodeAsync());
        await GoesOnAsync();

        _over = true;
        await Task.WhenAll(callers);
        Assert.Empty(_wrong);
        foreach (var (run, user) in _started)
            await third.As(user).RunReachesAsync(run, "succeeded");
        Assert.Equal(Users, cluster.Sandbox.OAuth.Counters.Issued);
    }

    private static Task DrivesAsync(Cluster cluster, ClusterNode node) => Eventually.TrueAsync(
        async () => await cluster.ScalarAsync<long>($"SELECT count(*) FROM runs WHERE owner_name = '{node.Name}'") > 0,
        TimeSpan.FromSeconds(60));

    private Task GoesOnAsync()
    {
        var enough = _started.Count + (5 * Users);
        return Eventually.TrueAsync(() => Task.FromResult(_started.Count >= enough), TimeSpan.FromSeconds(120));
    }

    private async Task CallAsync(long user)
    {
        for (var call = (int)user; !_over; call++)
        {
            var nodes = _inService;
            var node = nodes[call % nodes.Count];
            var client = node.As(user);
            try
            {
                var tools = await client.ListToolsAsync("strict");
                var run = await client.StartRunAsync(Echo);
                if (tools.Status != HttpStatusCode.OK || run.Status != HttpStatusCode.Created)
                    _wrong.Enqueue($"{tools.Status} {tools.Body} {run.Status} {run.Body}");
                else
                    _started[run.Json.GetProperty("id").GetString()!] = user;
            }
            catch (HttpRequestException fault) when (fault.HttpRequestError == HttpRequestError.ConnectionError && !_inService.Contains(node))
            {
                // Chosen when it was about to leave, and called when it had left: nothing was sent.
            }
            catch (HttpRequestException undelivered)
            {
                _wrong.Enqueue($"{undelivered.HttpRequestError}");
            }
        }
    }
}
