using System.Net;

namespace Executor.Nodes.DatabaseTrouble;

public sealed class FreezeTests
{
    /// <summary>Three times what a node may be silent before it is taken for dead.</summary>
    internal static readonly TimeSpan Outage = TimeSpan.FromSeconds(30);

    [PostgresFact]
    public async Task Database_that_answers_nobody_for_longer_than_a_lease_makes_nobody_look_gone()
    {
        await using var cluster = await Cluster.StartApartAsync(2);
        await using var probes = new Probes(cluster);
        await using var load = await Load.StartAsync(cluster);
        var before = await cluster.IncarnationsAsync();

        var outage = Task.Delay(Outage);
        await cluster.Postgres.FreezeAsync();
        await Probes.AgreeAsync(HttpStatusCode.ServiceUnavailable, cluster.Nodes);
        await outage;
        await cluster.Postgres.ThawAsync();
        await Probes.AgreeAsync(HttpStatusCode.OK, cluster.Nodes);

        await load.VerifyAsync();
        await cluster.NobodyIsGoneAsync(before);
    }
}
