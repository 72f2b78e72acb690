namespace Executor.Simulation.Algorithms.Bench;

/// <summary>New tokens on their way to the process that asked for them: the only copy.</summary>
internal sealed class Success(BenchNode receiver)
{
    private static readonly long AMoment = TimeSpan.FromSeconds(1).Ticks;

    public long? ArrivedAt { get; set; }

    /// <summary>They never reached a living process, or one that died before the database let it keep them.</summary>
    public bool IsOutOfReach => ArrivedAt is { } arrived ? receiver.LastReachedDatabaseAt - arrived < AMoment : !receiver.IsFrozen;
}
