using System.Net;
using Executor.Nodes.Runs;
using Executor.Sandbox.Mcp;
using Executor.Sandbox.OAuth;

namespace Executor.Nodes.Silos;

public sealed class CutLinkTests
{
    private const int Users = 10;
    private const string Search =
        """{"name":"cut","steps":[{"id":"a","type":"mcp","mcpServerId":"strict","tool":"search","arguments":{"query":"x"}}]}""";

    /// <param name="isDatabaseCut">For one of the silos, which then cannot hear what the others have decided about it.</param>
    [PostgresTheory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Of_silos_that_cannot_reach_each_other_one_ends_and_the_other_serves_all_and_goes_on_with_its_runs(bool isDatabaseCut)
    {
        await using var cluster = await Cluster.StartApartAsync(0);
        await using var database = new DatabaseLink(cluster.Postgres.Port);
        var link = new SiloLink();
        await using var first = await HostedNode.StartAsync("first", cluster, node => link.Use(node.Services));
        await using var second = await HostedNode.StartAsync("second", cluster, node => link.Use(node.Services), database);
        for (var user = 1; user <= Users; user++)
        {
            var grant = cluster.Sandbox.OAuth.Mint(ProviderBehaviour.Strict);
            await first.As(user).DepositAsync("strict", grant, cluster.Sandbox);
            Assert.Equal(HttpStatusCode.OK, (await (user % 2 == 0 ? first : second).As(user).ListToolsAsync("strict")).Status);
        }

        // On each silo there is a run whose call lasts.
        cluster.Sandbox.Mcp.SetFault(new McpFault(McpFaultKind.Hang) { Tool = "search", Times = null });
        var runs = 0;
        while (await cluster.ScalarAsync<long>("SELECT count(DISTINCT owner_name) FROM runs WHERE status = 'running'") < 2)
        {
            Assert.Equal(HttpStatusCode.Created, (await (runs % 2 == 0 ? first : second).As((runs % Users) + 1).StartRunAsync(Search)).Status);
            await cluster.UntilRunsAsync("status = 'running'", ++runs);
            Assert.InRange(runs, 1, 10);
        }

        link.Cut();
        if (isDatabaseCut)
            database.Cut();
        await Eventually.TrueAsync(
            async () => await cluster.ScalarAsync<long>("SELECT count(*) FROM silo_members WHERE status = 3") == 1, TimeSpan.FromSeconds(60));
        var survivor = await cluster.ScalarAsync<string>("SELECT silo_name FROM silo_members WHERE status = 3") == "first" ? first : second;
        database.Heal();

        if (isDatabaseCut)
            Assert.Same(first, survivor);
        await Eventually.TrueAsync(() => Task.FromResult((survivor == first ? second : first).IsStopping), TimeSpan.FromSeconds(60));
        for (var user = 1; user <= Users; user++)
            Assert.Equal(HttpStatusCode.OK, (await survivor.As(user).ListToolsAsync("strict")).Status);
        await cluster.ReleaseUntilRunsAsync("status = 'succeeded'", runs);
        Assert.Equal(Users, cluster.Sandbox.OAuth.Counters.Issued);
        Assert.Equal(0, cluster.Sandbox.OAuth.Counters.ReplaysOfSpentTokens);
    }
}
