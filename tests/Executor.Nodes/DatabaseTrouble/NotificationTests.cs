using System.Net;
using Executor.Sandbox.OAuth;

namespace Executor.Nodes.DatabaseTrouble;

public sealed class NotificationTests
{
    [PostgresFact]
    public async Task Notifications_that_are_lost_cost_nobody_anything()
    {
        const string Run = """{"name":"parked","steps":[{"id":"s","type":"mcp","mcpServerId":"strict","tool":"echo"}]}""";
        await using var cluster = await Cluster.StartApartAsync(2);
        await using var probes = new Probes(cluster);
        await using var load = await Load.StartAsync(cluster);
        var (here, there) = (cluster.Nodes[0], cluster.Nodes[1]);
        var ended = 0L;
        for (var user = 100; user < 110; user++)
        {
            var run = (await there.As(user).StartRunAsync(Run)).Json.GetProperty("id").GetString()!;
            await there.As(user).RunReachesAsync(run, "awaiting-input");

            ended += await cluster.Postgres.EndSessionsAsync("query LIKE '%LISTEN %'");
            var grant = cluster.Sandbox.OAuth.Mint(ProviderBehaviour.Strict);
            Assert.Equal(HttpStatusCode.OK, (await here.As(user).DepositAsync("strict", grant, cluster.Sandbox)).Status);

            await there.As(user).RunReachesAsync(run, "succeeded");
            await Eventually.TrueAsync(
                async () => (await there.As(user).ListToolsAsync("strict")).Status == HttpStatusCode.OK, TimeSpan.FromSeconds(60));
        }

        Assert.NotEqual(0, ended);
        await load.VerifyAsync();
    }
}
