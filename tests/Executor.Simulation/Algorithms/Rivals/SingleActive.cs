using Executor.Credentials;
using Executor.Simulation.Algorithms.Bench;

namespace Executor.Simulation.Algorithms.Rivals;

/// <summary>
/// One process refreshes for all: the holder of a lease of 15 s that is renewed every 5 s; the others ask it. It starts a refresh
/// only while its own clock says that the lease lasts, shares flights, and saves by compare-and-set on the row's version for as long
/// as it lives. Whoever takes over begins with what the database has.
/// </summary>
internal sealed class SingleActive(BenchWorld world, BenchNode node) : Rival(world, node)
{
    private const string LeaseName = "leader";
    private static readonly TimeSpan Lease = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan Renewal = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan Hop = TimeSpan.FromMilliseconds(2);
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    private readonly Flights<RivalRow> _flights = new();
    private DateTimeOffset _leadsUntil;

    private bool Leads => Now < _leadsUntil;

    public override async Task StartAsync()
    {
        while (true)
        {
            var began = Now;
            try
            {
                if (await World.Database.CallAsync(Node, () => World.Tables.TryLock(LeaseName, Node, World.Timeline.UtcNow, Lease)))
                    _leadsUntil = began + Lease;
            }
            catch (StoreUnavailableException)
            {
                // The lease it has lasts as long as it lasts.
            }

            await Node.Delay(Leads ? Renewal : Pause);
        }
    }

    protected override async Task<RivalRow> RefreshAsync(CredentialKey key)
    {
        if (Leads)
            return await _flights.Join(key, () => RefreshOnceAsync(key));
        var leader = await World.Database.CallAsync(Node, () => World.Tables.Locks.TryGetValue(LeaseName, out var lease) ? lease.Holder : null);
        return leader is null || leader == Node || leader.IsDead ? await ReadAsync(key) : await AskAsync(leader, key);
    }

    /// <summary>What the leader answers, if it does in time.</summary>
    private async Task<RivalRow> AskAsync(BenchNode leader, CredentialKey key)
    {
        var asked = new TaskCompletionSource();
        World.Timeline.After(Hop, _ => leader.Run(async () =>
        {
            await leader.Algorithm.GetTokenAsync(key);
            Node.Receive(Hop, () => asked.TrySetResult());
        }));
        Node.Receive(RequestTimeout - TimeSpan.FromSeconds(1), () => asked.TrySetResult());
        await asked.Task;
        return await ReadAsync(key);
    }

    private async Task<RivalRow> RefreshOnceAsync(CredentialKey key)
    {
        var row = await ReadAsync(key);
        if (IsFresh(row) || row.IsGivenUp || !Leads)
            return row;
        return await RedeemAsync(key, row.RefreshToken) switch
        {
            Redeemed.Granted granted => await SaveAsync(key, After(row, granted.Pair)),
            Redeemed.Refused => await SaveAsync(key, row with { IsGivenUp = true }), // unless another leader was faster
            _ => row,
        };
    }

    private async Task<RivalRow> SaveAsync(CredentialKey key, RivalRow row)
    {
        while (true)
        {
            try
            {
                return await WriteIfUnchangedAsync(key, row);
            }
            catch (StoreUnavailableException)
            {
                await Node.Delay(Pause);
            }
        }
    }
}
