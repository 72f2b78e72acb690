namespace Executor.Simulation.Algorithms.Bench;

/// <summary>Every algorithm's way to the database they share: the same latency, the same outages, the same lost commits.</summary>
internal sealed class BenchDatabase(BenchWorld world)
{
    private static readonly TimeSpan Latency = TimeSpan.FromMilliseconds(1);
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(5);
    private long _awaySince;
    private long _awayUntil;

    private bool IsAway => world.Timeline.Now < _awayUntil;

    public long? AwaySince => IsAway ? _awaySince : null;

    public void GoAway(TimeSpan time)
    {
        if (!IsAway)
            _awaySince = world.Timeline.Now;
        _awayUntil = Math.Max(_awayUntil, world.Timeline.Now + time.Ticks);
    }

    /// <exception cref="StoreUnavailableException">It is away, or did not say whether the work took place.</exception>
    public async Task<T> CallAsync<T>(BenchNode node, Func<T> work, bool isCommit = false)
    {
        await node.Arrive(Latency);
        await RefuseIfAwayAsync(node);
        var trouble = isCommit ? node.NextCommit : CommitTrouble.None;
        if (isCommit)
            node.NextCommit = CommitTrouble.None;
        if (trouble == CommitTrouble.Fails)
            throw new StoreUnavailableException();
        var result = work();
        await node.Arrive(Latency);
        await RefuseIfAwayAsync(node);
        return trouble == CommitTrouble.IsNotToldOf ? throw new StoreUnavailableException() : result;
    }

    private async Task RefuseIfAwayAsync(BenchNode node)
    {
        if (!IsAway && !node.IsCutOff)
            return;
        await node.Arrive(node.IsCutOff ? Timeout : Latency);
        throw new StoreUnavailableException();
    }
}
