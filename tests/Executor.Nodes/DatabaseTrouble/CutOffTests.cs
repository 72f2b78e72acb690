using System.Net;

namespace Executor.Nodes.DatabaseTrouble;

public sealed class CutOffTests
{
    [PostgresFact]
    public async Task Node_whose_sessions_end_for_longer_than_a_lease_is_judged_gone_and_begins_anew_by_itself()
    {
        await using var cluster = await Cluster.StartApartAsync(2);
        await using var probes = new Probes(cluster);
        await using var load = await Load.StartWithoutRefreshesAsync(cluster);
        var before = await cluster.IncarnationsAsync();
        var (other, cut) = (cluster.Nodes[0], cluster.Nodes[1]);

        cut.Link.Cut();
        await Probes.AgreeAsync(HttpStatusCode.ServiceUnavailable, cut);
        await Eventually.TrueAsync(
            async () => (await cluster.IncarnationsAsync()).All(node => node.Name != cut.Name || node.IsGone), TimeSpan.FromSeconds(60));
        Assert.Equal(HttpStatusCode.OK, await other.ReadinessAsync());
        Assert.Equal(HttpStatusCode.ServiceUnavailable, await cut.ReadinessAsync());
        cut.Link.Heal();
        await Probes.AgreeAsync(HttpStatusCode.OK, cluster.Nodes);
        await Eventually.TrueAsync(
            async () => (await cluster.IncarnationsAsync()).Any(node => node.Name == cut.Name && !node.IsGone), TimeSpan.FromSeconds(60));

        await load.VerifyAsync();
        Assert.Equal(
            before.Where(node => node.Name == other.Name), (await cluster.IncarnationsAsync()).Where(node => node.Name == other.Name));
    }
}
