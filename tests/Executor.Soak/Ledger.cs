using System.Collections.Concurrent;

namespace Executor.Soak;

/// <summary>What was acknowledged, what was done to the system, and what it did wrong.</summary>
internal sealed class Ledger
{
    private readonly ConcurrentDictionary<string, int> _counts = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, int> _retries = new(StringComparer.Ordinal);

    /// <summary>Runs that were acknowledged, with their users.</summary>
    public ConcurrentDictionary<string, long> Runs { get; } = new(StringComparer.Ordinal);

    public ConcurrentQueue<string> Violations { get; } = [];

    public void Count(string what) => _counts.AddOrUpdate(what, 1, (_, count) => count + 1);

    public void Violated(string what) => Violations.Enqueue($"{DateTime.UtcNow:HH:mm:ss} {what}");

    /// <summary>A user's decision to run an interrupted step again; noted before it is sent.</summary>
    public void Retrying(string run) => _retries.AddOrUpdate(run, 1, (_, count) => count + 1);

    public int Retries(string run) => _retries.GetValueOrDefault(run);

    public string Summary() => string.Join(", ", _counts.OrderBy(count => count.Key, StringComparer.Ordinal).Select(count => $"{count.Key} {count.Value}"));
}
