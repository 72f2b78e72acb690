using System.Net;
using Executor.Sandbox.OAuth;

namespace Executor.Nodes;

public sealed class OneGrantTests
{
    [PostgresFact]
    public async Task Callers_of_every_node_share_one_grant()
    {
        await using var cluster = await Cluster.StartAsync(4);
        var grant = cluster.Sandbox.OAuth.Mint(ProviderBehaviour.Strict);
        var deposit = await cluster.Nodes[0].As(1).DepositAsync("strict", grant, cluster.Sandbox);
        Assert.Equal(HttpStatusCode.OK, deposit.Status);

        var callers = Enumerable.Range(0, 200).SelectMany(_ => cluster.Nodes, (_, node) => node.As(1).ListToolsAsync("strict"));
        var answers = await Task.WhenAll(callers);

        Assert.All(answers, answer => Assert.Equal(HttpStatusCode.OK, answer.Status));
        Assert.Equal(1, cluster.Sandbox.OAuth.Counters.Issued);
    }
}
