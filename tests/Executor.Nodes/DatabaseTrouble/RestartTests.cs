using System.Net;

namespace Executor.Nodes.DatabaseTrouble;

public sealed class RestartTests
{
    [PostgresTheory]
    [InlineData("fast")]
    [InlineData("immediate")]
    public async Task Database_restarted_under_load_costs_nobody_anything(string mode)
    {
        await using var cluster = await Cluster.StartApartAsync(2);
        await using var probes = new Probes(cluster);
        await using var load = await Load.StartAsync(cluster);
        var before = await cluster.IncarnationsAsync();

        await cluster.Postgres.StopAsync(mode);
        await Probes.AgreeAsync(HttpStatusCode.ServiceUnavailable, cluster.Nodes);
        await cluster.Postgres.RestartAsync();
        await Probes.AgreeAsync(HttpStatusCode.OK, cluster.Nodes);

        await load.VerifyAsync();
        await cluster.NobodyIsGoneAsync(before);
    }
}
