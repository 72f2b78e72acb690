using System.Net;

namespace Executor.Nodes.DatabaseTrouble;

public sealed class CutTests
{
    [PostgresFact]
    public async Task Sessions_that_end_in_the_middle_of_their_work_cost_nobody_anything()
    {
        await using var cluster = await Cluster.StartApartAsync(2);
        await using var probes = new Probes(cluster);
        await using var load = await Load.StartAsync(cluster);

        var random = new Random(20_260_101);
        var ended = 0L;
        for (var cut = 0; cut < 30; cut++)
        {
            await Task.Delay(random.Next(10, 200));
            if (random.Next(2) == 0)
                ended += await cluster.Postgres.EndSessionsAsync("state <> 'idle'");
            else
                cluster.Nodes[random.Next(2)].Link.Reset(_ => random.Next(2) == 0);
        }

        Assert.InRange(ended, 1, long.MaxValue);
        await load.VerifyAsync();
    }

    [PostgresFact]
    public async Task Database_that_is_read_only_for_a_while_costs_nobody_anything()
    {
        await using var cluster = await Cluster.StartApartAsync(2);
        await using var probes = new Probes(cluster);
        await using var load = await Load.StartAsync(cluster);
        var before = await cluster.IncarnationsAsync();

        await cluster.Postgres.SetReadOnlyAsync(true);
        await Probes.AgreeAsync(HttpStatusCode.ServiceUnavailable, cluster.Nodes);
        await Task.Delay(TimeSpan.FromSeconds(12));
        await cluster.Postgres.SetReadOnlyAsync(false);
        await Probes.AgreeAsync(HttpStatusCode.OK, cluster.Nodes);

        await load.VerifyAsync();
        await cluster.NobodyIsGoneAsync(before);
    }
}
