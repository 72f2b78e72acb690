using System.Net;

namespace Executor.Nodes.DatabaseTrouble;

/// <summary>One node of two is kept from the database for three times what a node may be silent.</summary>
public sealed class OneNodeTests
{
    [PostgresFact]
    public async Task Node_whose_link_stalls_keeps_its_grants_and_its_life_while_its_session_lives()
    {
        await using var cluster = await Cluster.StartApartAsync(2);
        await using var probes = new Probes(cluster);
        await using var load = await Load.StartAsync(cluster);
        var before = await cluster.IncarnationsAsync();
        var (other, stalled) = (cluster.Nodes[0], cluster.Nodes[1]);

        var outage = Task.Delay(FreezeTests.Outage);
        stalled.Link.Stall();
        await Probes.AgreeAsync(HttpStatusCode.ServiceUnavailable, stalled);
        Assert.Equal(HttpStatusCode.OK, await other.ReadinessAsync());
        await outage;

        // What was sent before and during the outage arrives after what was sent since.
        stalled.Link.HealNewSessions();
        await Probes.AgreeAsync(HttpStatusCode.OK, cluster.Nodes);
        await load.GoesOnAsync();
        stalled.Link.Heal();

        await load.VerifyAsync();
        await cluster.NobodyIsGoneAsync(before);
    }
}
