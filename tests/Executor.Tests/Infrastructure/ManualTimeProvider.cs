namespace Executor.Tests.Infrastructure;

/// <summary>
/// A clock that stands still until it is advanced. Timers fire in order of their due time, each seeing its own due time as now, so
/// that a periodic timer that is passed several times fires as often. The wall clock can be moved without the monotonic one.
/// </summary>
internal sealed class ManualTimeProvider(DateTimeOffset? start = null) : TimeProvider
{
    private readonly Lock _gate = new();
    private readonly List<ManualTimer> _timers = [];
    private DateTimeOffset _now = start ?? new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
    private long _ticks;

    public override TimeZoneInfo LocalTimeZone => TimeZoneInfo.Utc;

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    /// <summary>Timers that have a due time: lets a test wait until the code under test is asleep.</summary>
    public int ArmedTimers
    {
        get
        {
            lock (_gate)
                return _timers.Count;
        }
    }

    public override DateTimeOffset GetUtcNow()
    {
        lock (_gate)
            return _now;
    }

    public override long GetTimestamp()
    {
        lock (_gate)
            return _ticks;
    }

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = new ManualTimer(this, callback, state);
        timer.Change(dueTime, period);
        return timer;
    }

    /// <summary>Callbacks run on the caller's thread; what they continue on may run on the pool.</summary>
    public void Advance(TimeSpan by)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(by, TimeSpan.Zero);
        long end;
        lock (_gate)
            end = _ticks + by.Ticks;
        while (true)
        {
            ManualTimer? due;
            lock (_gate)
            {
                due = _timers.Where(timer => timer.Due <= end).MinBy(timer => timer.Due);
                MoveTo(due is null ? end : Math.Max(due.Due, _ticks));
                due?.Rearm();
            }

            if (due is null)
                return;
            due.Fire();
        }
    }

    /// <summary>The process stood still: every timer that was due meanwhile fires late, and what it arms counts from then on.</summary>
    public void StandStill(TimeSpan time)
    {
        List<ManualTimer> late;
        lock (_gate)
        {
            MoveTo(_ticks + time.Ticks);
            late = _timers.Where(timer => timer.Due <= _ticks).OrderBy(timer => timer.Due).ToList();
            late.ForEach(timer => timer.Rearm());
        }

        late.ForEach(timer => timer.Fire());
    }

    /// <summary>Somebody set the wall clock: the monotonic clock and the timers do not notice.</summary>
    public void SetUtcNow(DateTimeOffset now)
    {
        lock (_gate)
            _now = now;
    }

    private void MoveTo(long ticks)
    {
        _now += TimeSpan.FromTicks(ticks - _ticks);
        _ticks = ticks;
    }

    private sealed class ManualTimer(ManualTimeProvider clock, TimerCallback callback, object? state) : ITimer
    {
        private TimeSpan _period = Timeout.InfiniteTimeSpan;
        private bool _disposed;

        public long Due { get; private set; }

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            var now = false;
            lock (clock._gate)
            {
                if (_disposed)
                    return false;
                clock._timers.Remove(this);
                _period = period;
                if (dueTime == Timeout.InfiniteTimeSpan)
                    return true;
                Due = clock._ticks + dueTime.Ticks;
                if (dueTime <= TimeSpan.Zero)
                {
                    now = true;
                    Due = clock._ticks;
                    Rearm();
                }
                else
                {
                    clock._timers.Add(this);
                }
            }

            // As the system's timers do: what is due at once fires on another thread, never inside the one that arms it.
            if (now)
                ThreadPool.QueueUserWorkItem(static timer => timer.Fire(), this, preferLocal: false);
            return true;
        }

        /// <summary>Called under the clock's lock, when the timer is about to fire.</summary>
        public void Rearm()
        {
            clock._timers.Remove(this);
            if (_period <= TimeSpan.Zero)
                return;
            Due += _period.Ticks;
            clock._timers.Add(this);
        }

        public void Fire() => callback(state);

        public void Dispose()
        {
            lock (clock._gate)
            {
                _disposed = true;
                clock._timers.Remove(this);
            }
        }

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
