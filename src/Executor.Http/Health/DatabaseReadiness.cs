using Executor.Nodes;

namespace Executor.Http.Health;

/// <summary>
/// Asks the database how it is, at most once a second however many ask. The probes need no token. They must not use up the connections of
/// those who have one.
/// </summary>
internal sealed class DatabaseReadiness(IDatabaseHealth database, TimeProvider time)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan Freshness = TimeSpan.FromSeconds(1);

    private readonly Lock _gate = new();
    private Task<string?>? _check;
    private long _begun;

    /// <summary>What is wrong, without names or secrets; null when nothing is.</summary>
    public Task<string?> CheckAsync()
    {
        lock (_gate)
        {
            if (_check is null || (_check.IsCompleted && time.GetElapsedTime(_begun) >= Freshness))
            {
                _begun = time.GetTimestamp();
                _check = AskAsync();
            }

            return _check;
        }
    }

    private async Task<string?> AskAsync()
    {
        await Task.Yield(); // the caller holds the gate
        using var limit = new CancellationTokenSource(Patience, time);
        try
        {
            var health = await database.CheckAsync(limit.Token).WaitAsync(limit.Token);
            return health switch
            {
                { IsReady: true } => null,
                { Reachable: false } => "The database is not reachable.",
                { IsTooNew: true } => $"The database's schema has version {health.SchemaVersion}, which this node cannot work with.",
                { HasSchema: false } => $"The database's schema has version {health.SchemaVersion}; this node needs {health.RequiredVersion}.",
                _ => "The database is read-only.",
            };
        }
        catch (OperationCanceledException)
        {
            return "The database is not reachable.";
        }
    }
}
