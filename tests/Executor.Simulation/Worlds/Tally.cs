namespace Executor.Simulation.Worlds;

/// <summary>What happened, counted.</summary>
internal sealed class Tally
{
    private readonly Dictionary<(string Group, object What), long> _counts = [];

    public void Add(string group, object what, long by = 1)
    {
        _counts.TryGetValue((group, what), out var count);
        _counts[(group, what)] = count + by;
    }

    public void Add(Tally other)
    {
        foreach (var ((group, what), count) in other._counts)
            Add(group, what, count);
    }

    public IEnumerable<(string Group, string What, long Count)> Counts => _counts
        .Select(entry => (entry.Key.Group, What: entry.Key.What.ToString()!, Count: entry.Value))
        .OrderBy(entry => entry.Group, StringComparer.Ordinal)
        .ThenBy(entry => entry.What, StringComparer.Ordinal);
}
