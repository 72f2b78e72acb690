using Executor.Credentials;
using Executor.Simulation.Algorithms.Bench;

namespace Executor.Simulation.Algorithms.Rivals;

/// <summary>
/// A distributed lock a user that expires after a minute, twice the time-out of a request. Under it: read the row again, redeem,
/// save (tried again until the lock expires), release. Nothing ties a save to the lock: one that comes late is written all the same.
/// </summary>
internal sealed class ExpiringLock(BenchWorld world, BenchNode node) : Rival(world, node)
{
    private static readonly TimeSpan TimeToLive = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(250);

    private readonly Flights<RivalRow> _flights = new();

    protected override Task<RivalRow> RefreshAsync(CredentialKey key) => _flights.Join(key, () => RefreshOnceAsync(key));

    private async Task<RivalRow> RefreshOnceAsync(CredentialKey key)
    {
        var begun = Now;
        var row = await ReadAsync(key);
        while (!IsFresh(row) && !row.IsGivenUp && Now - begun < Patience)
        {
            var lockedAt = Now;
            if (await World.Database.CallAsync(Node, () => World.Tables.TryLock(key, Node, World.Timeline.UtcNow, TimeToLive)))
                return await RefreshLockedAsync(key, lockedAt + TimeToLive);
            await Node.Delay(Pause);
            row = await ReadAsync(key);
        }

        return row;
    }

    private async Task<RivalRow> RefreshLockedAsync(CredentialKey key, DateTimeOffset until)
    {
        try
        {
            var row = await ReadAsync(key);
            if (IsFresh(row) || row.IsGivenUp)
                return row;
            switch (await RedeemAsync(key, row.RefreshToken))
            {
                case Redeemed.Granted granted:
                    return await SaveAsync(key, After(row, granted.Pair), until);
                case Redeemed.Refused:
                    var current = await ReadAsync(key);
                    return current.RefreshToken == row.RefreshToken ? await SaveAsync(key, current with { IsGivenUp = true }, until) : current;
                default:
                    return row;
            }
        }
        finally
        {
            await ReleaseAsync(key);
        }
    }

    private async Task<RivalRow> SaveAsync(CredentialKey key, RivalRow row, DateTimeOffset until)
    {
        while (true)
        {
            try
            {
                await WriteAsync(key, row);
                return row;
            }
            catch (StoreUnavailableException) when (Now < until)
            {
                await Node.Delay(Pause * 4);
            }
        }
    }

    private async Task ReleaseAsync(CredentialKey key)
    {
        try
        {
            await World.Database.CallAsync(Node, () =>
            {
                World.Tables.Unlock(key, Node);
                return true;
            });
        }
        catch (StoreUnavailableException)
        {
            // It expires.
        }
    }
}
