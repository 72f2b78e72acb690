namespace Executor.Nodes.Faults;

/// <summary>All faults at all providers, played at once on one cluster: what takes long is waiting, for the strict deadline above all.</summary>
public sealed class FaultWorld
{
    private readonly Lazy<Task<IReadOnlyDictionary<(string Fault, string Provider), string>>> _seen = new(PlayAsync);

    /// <summary>What became of each credential.</summary>
    internal Task<IReadOnlyDictionary<(string Fault, string Provider), string>> SeenAsync() => _seen.Value;

    private static async Task<IReadOnlyDictionary<(string Fault, string Provider), string>> PlayAsync()
    {
        var fates = Enum.GetValues<Fate>();
        await using var cluster = await Cluster.StartAsync(2 + fates.Length);
        var others = cluster.Nodes.Take(2).ToList();
        var user = 0;
        var victims = fates
            .Select((fate, n) => new Victim(cluster, cluster.Nodes[2 + n], fate,
            [
                .. from fault in Fault.All
                   where fault.Fate == fate
                   from provider in Provider.All
                   select new Scenario(cluster, fault, provider, ++user),
            ]))
            .ToList();
        foreach (var victim in victims)
            await victim.DepositAsync();

        await Task.WhenAll(victims.Select(victim => victim.ReachProviderAsync()));
        await StrikeAsync(cluster, victims);
        await Task.WhenAll(victims.Select(victim => victim.GoOnAsync(others)));

        var seen = new Dictionary<(string, string), string>();
        foreach (var victim in victims)
        {
            foreach (var scenario in victim.Scenarios)
                seen[(scenario.Fault.Name, scenario.Provider.Name)] = await scenario.SeeAsync(others[1]);
        }

        return seen;
    }

    private static async Task StrikeAsync(Cluster cluster, List<Victim> victims)
    {
        var locked = victims.SelectMany(victim => victim.Scenarios).Where(scenario => scenario.Fault.IsHeldByLock).ToList();
        await using var locks = await RowLocks.TakeAsync(cluster, locked.Select(scenario => scenario.User));
        victims.ForEach(victim => victim.RunIntoLocks());
        foreach (var victim in victims)
            await victim.BlockedAsync(locks);
        await locks.WaitForResultsAsync(locked.Count(scenario => scenario.Fault.Point == Point.ResultCommit));
        victims.ForEach(victim => victim.Strike());
    }
}
