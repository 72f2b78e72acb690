using Npgsql;

namespace Executor.Soak;

/// <summary>What the database and the world say, against what was acknowledged.</summary>
internal sealed class Checks(Cluster cluster, Ledger ledger)
{
    private readonly HashSet<string> _told = new(StringComparer.Ordinal);

    public async Task RunAsync()
    {
        // Read first: whatever was acknowledged before the query must be in its answer.
        var acknowledged = ledger.Runs.Keys.ToList();
        var effects = cluster.Sandbox.Mcp.Effects;
        var (runs, attempts) = await ReadAsync();
        foreach (var lost in acknowledged.Where(run => !runs.ContainsKey(run) && _told.Add(run)))
            ledger.Violated($"run {lost} was acknowledged and is not there");
        foreach (var (key, times) in effects.Where(effect => effect.Value > 1))
        {
            // Beyond the user's own decisions and the definition's, a call happens once for each time that it was begun.
            var (begun, onUnknown) = attempts.GetValueOrDefault(key);
            var allowed = onUnknown == "retry" ? begun : 1 + ledger.Retries(key[..key.IndexOf('/', StringComparison.Ordinal)]);
            if (times > allowed && _told.Add(key))
                ledger.Violated($"effect {key} happened {times} times, {allowed} allowed");
        }
    }

    /// <summary>When everything has come to its end.</summary>
    public async Task EndAsync()
    {
        var (runs, _) = await ReadAsync();
        foreach (var run in ledger.Runs.Keys)
        {
            var status = runs.GetValueOrDefault(run, "lost");
            ledger.Count($"runs {status}");
            if (status is not ("succeeded" or "failed" or "cancelled"))
                ledger.Violated($"run {run} did not end: {status}");
        }
    }

    private async Task<(Dictionary<string, string> Runs, Dictionary<string, (int Begun, string OnUnknown)> Attempts)> ReadAsync()
    {
        var runs = new Dictionary<string, string>(StringComparer.Ordinal);
        var attempts = new Dictionary<string, (int Begun, string OnUnknown)>(StringComparer.Ordinal);
        await using var connection = await cluster.ConnectAsync();
        await using var command = new NpgsqlCommand(
            "SELECT id, status FROM runs; SELECT run_id, idx, attempts, on_unknown FROM run_steps WHERE attempts > 1", connection);
        await using var reader = await command.ExecuteReaderAsync();
        while (await reader.ReadAsync())
            runs.Add(reader.GetString(0), reader.GetString(1));
        await reader.NextResultAsync();
        while (await reader.ReadAsync())
            attempts.Add($"{reader.GetString(0)}/{reader.GetInt32(1)}", (reader.GetInt32(2), reader.GetString(3)));
        return (runs, attempts);
    }
}
