using Executor.Credentials;
using Executor.Simulation.Algorithms.Bench;

namespace Executor.Simulation.Algorithms.Rivals;

/// <summary>
/// A mutex a user in the process's memory. Under it: read the row again, redeem, and on a refusal or a doubt read once more and try
/// a second time. A pair that cannot be saved is served and used from memory, and saved when the database is back. Every user's
/// requests go to one process for as long as it lives, without which no such mutex would guard anything.
/// </summary>
internal sealed class ProcessMutex(BenchWorld world, BenchNode node) : Rival(world, node)
{
    private static readonly TimeSpan BeforeRetry = TimeSpan.FromSeconds(1);

    private readonly Flights<RivalRow> _held = new();
    private readonly Dictionary<CredentialKey, RivalRow> _unsaved = [];

    public override Task ConnectAsync(CredentialKey key, string refreshToken)
    {
        _unsaved.Remove(key);
        return base.ConnectAsync(key, refreshToken);
    }

    // Whoever would wait for the mutex finds a fresh token under it: the same as sharing the flight.
    protected override Task<RivalRow> RefreshAsync(CredentialKey key) => _held.Join(key, () => RefreshOnceAsync(key));

    private async Task<RivalRow> RefreshOnceAsync(CredentialKey key)
    {
        var row = await CurrentAsync(key);
        for (var attempt = 0; attempt < 2 && !IsFresh(row) && !row.IsGivenUp; attempt++)
        {
            var sent = row.RefreshToken;
            switch (await RedeemAsync(key, sent))
            {
                case Redeemed.Granted granted:
                    return await SaveAsync(key, After(row, granted.Pair));
                case Redeemed.Refused:
                    row = await CurrentAsync(key);
                    if (row.RefreshToken == sent)
                        return await SaveAsync(key, row with { IsGivenUp = true });
                    break;
                default:
                    await Node.Delay(BeforeRetry);
                    row = await CurrentAsync(key);
                    break;
            }
        }

        return row;
    }

    private async Task<RivalRow> CurrentAsync(CredentialKey key)
    {
        if (_unsaved.TryGetValue(key, out var unsaved))
            return await SaveAsync(key, unsaved);
        return await ReadAsync(key);
    }

    private async Task<RivalRow> SaveAsync(CredentialKey key, RivalRow row)
    {
        _unsaved[key] = row;
        try
        {
            await WriteAsync(key, row);
            _unsaved.Remove(key);
        }
        catch (StoreUnavailableException)
        {
            // It is in memory, and is tried again with the next request.
        }

        return row;
    }
}
