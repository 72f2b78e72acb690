namespace Executor.Simulation.Store;

/// <summary>The databases keep times as Unix milliseconds: whatever is finer, or an offset, does not come back.</summary>
internal static class Milliseconds
{
    public static DateTimeOffset Kept(this DateTimeOffset time)
    {
        var finer = time.UtcTicks % TimeSpan.TicksPerMillisecond;
        return finer == 0 && time.Offset == TimeSpan.Zero ? time : new DateTimeOffset(time.UtcTicks - finer, TimeSpan.Zero);
    }

    public static DateTimeOffset? Kept(this DateTimeOffset? time) => time?.Kept();

    public static TimeSpan? Kept(this TimeSpan? span) =>
        span is { } value ? new TimeSpan(value.Ticks - (value.Ticks % TimeSpan.TicksPerMillisecond)) : null;
}
