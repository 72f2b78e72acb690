using Executor.Credentials;
using Executor.Simulation.Algorithms.Bench;

namespace Executor.Simulation.Algorithms.Rivals;

/// <summary>
/// Concurrent requests of a process share one flight, and nobody gets a token before it is saved, by compare-and-set on the row's
/// version. A pair that cannot be saved is held back and saved, not redeemed again, when the next request comes. Every user's
/// requests go to one process for as long as it lives.
/// </summary>
internal sealed class SingleFlight(BenchWorld world, BenchNode node) : Rival(world, node)
{
    private const int SavesPerFlight = 5;
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    private readonly Flights<RivalRow> _flights = new();
    private readonly Dictionary<CredentialKey, RivalRow> _unsaved = [];

    protected override Task<RivalRow> RefreshAsync(CredentialKey key) => _flights.Join(key, () => RefreshOnceAsync(key));

    private async Task<RivalRow> RefreshOnceAsync(CredentialKey key)
    {
        if (_unsaved.TryGetValue(key, out var unsaved))
            return await SaveAsync(key, unsaved);
        var row = await ReadAsync(key);
        if (IsFresh(row) || row.IsGivenUp)
            return row;
        return await RedeemAsync(key, row.RefreshToken) switch
        {
            Redeemed.Granted granted => await SaveAsync(key, After(row, granted.Pair)),
            Redeemed.Refused => await SaveAsync(key, row with { IsGivenUp = true }), // unless another process was faster
            _ => row,
        };
    }

    private async Task<RivalRow> SaveAsync(CredentialKey key, RivalRow row)
    {
        _unsaved[key] = row;
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                var saved = await WriteIfUnchangedAsync(key, row);
                _unsaved.Remove(key);
                return saved;
            }
            catch (StoreUnavailableException) when (attempt < SavesPerFlight)
            {
                await Node.Delay(Pause);
            }
        }
    }
}
