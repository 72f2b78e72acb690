using Executor.Credentials;
using Executor.Simulation.Algorithms.Bench;

namespace Executor.Simulation.Algorithms.Rivals;

/// <summary>What the other algorithms keep in the database.</summary>
internal sealed class RivalTables
{
    public Dictionary<CredentialKey, RivalRow> Rows { get; } = [];

    /// <summary>Locks and leases: whoever holds one, and until when by the database's clock.</summary>
    public Dictionary<object, (BenchNode Holder, DateTimeOffset Until)> Locks { get; } = [];

    public bool TryLock(object name, BenchNode holder, DateTimeOffset now, TimeSpan time)
    {
        if (Locks.TryGetValue(name, out var held) && held.Holder != holder && held.Until > now)
            return false;
        Locks[name] = (holder, now + time);
        return true;
    }

    public void Unlock(object name, BenchNode holder)
    {
        if (Locks.TryGetValue(name, out var held) && held.Holder == holder)
            Locks.Remove(name);
    }
}

/// <param name="IsGivenUp">The user has to reconnect.</param>
internal sealed record RivalRow(string RefreshToken, string? AccessToken, DateTimeOffset ExpiresAt, long Version, bool IsGivenUp = false);
