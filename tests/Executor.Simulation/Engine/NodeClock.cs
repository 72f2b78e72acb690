namespace Executor.Simulation.Engine;

/// <summary>A node's clocks. The monotonic one is the world's; the wall clock may be wrong. Timers fire through the node's queue.</summary>
internal sealed class NodeClock(Timeline timeline, NodeScheduler scheduler) : TimeProvider
{
    /// <summary>How wrong the wall clock is.</summary>
    public TimeSpan Skew { get; set; }

    /// <summary>How fast the monotonic clock runs; anything but 1 breaks what the protocol relies on.</summary>
    public double Rate { get; init; } = 1;

    public override TimeZoneInfo LocalTimeZone => TimeZoneInfo.Utc;

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override DateTimeOffset GetUtcNow() => timeline.UtcNow + Skew;

    public override long GetTimestamp() => Rate == 1 ? timeline.Now : (long)(timeline.Now * Rate);

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = new NodeTimer(this, callback, state);
        timer.Change(dueTime, period);
        return timer;
    }

    private sealed class NodeTimer(NodeClock clock, TimerCallback callback, object? state) : ITimer
    {
        private Timeline.Due? _due;
        private TimeSpan _period;
        private bool _disposed;

        private NodeScheduler Scheduler => clock.Scheduler;

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            if (_disposed)
                return false;
            _due?.Cancel();
            _due = null;
            _period = period;
            if (dueTime != Timeout.InfiniteTimeSpan)
                Arm(dueTime);
            return true;
        }

        public void Dispose()
        {
            _disposed = true;
            _due?.Cancel();
            _due = null;
        }

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }

        private void Arm(TimeSpan dueTime) => _due = clock.Timeline.After(dueTime, static timer => ((NodeTimer)timer!).Elapse(), this);

        private void Elapse()
        {
            _due = null;
            if (Scheduler.IsDead)
                return;
            Scheduler.Deliver(static timer => ((NodeTimer)timer!).Fire(), this);
            if (_period > TimeSpan.Zero)
                Arm(_period);
        }

        private void Fire()
        {
            if (!_disposed)
                callback(state);
        }
    }

    private Timeline Timeline => timeline;

    private NodeScheduler Scheduler => scheduler;
}
