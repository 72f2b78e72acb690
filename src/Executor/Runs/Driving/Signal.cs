namespace Executor.Runs.Driving;

/// <summary>Wakes one waiter. Set any number of times before it waits, it wakes it once: a burst costs one look.</summary>
internal sealed class Signal(TimeProvider time)
{
    private Round _round = new();

    public void Set() => Volatile.Read(ref _round).Set();

    /// <summary>Waits until it is set, <paramref name="atMost"/> has passed, or the token fires, which ends the wait without a throw.</summary>
    public async Task WaitAsync(TimeSpan atMost, CancellationToken cancellationToken)
    {
        var round = Volatile.Read(ref _round);

        // In whole milliseconds, rounded up: less than one is none, and whoever waits for the rest of one would go round until it is over.
        var wait = TimeSpan.FromMilliseconds(Math.Ceiling(atMost.TotalMilliseconds));
        if (!round.IsSet && wait > TimeSpan.Zero)
            await round.Ended.WaitAsync(wait, time, cancellationToken).Ended();
        if (round.IsSet)
            Interlocked.CompareExchange(ref _round, new Round(), round);
    }

    private sealed class Round
    {
        private readonly TaskCompletionSource _set = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private Task? _ended;

        public bool IsSet => _set.Task.IsCompleted;

        /// <summary>One for all waits until it is set. There may be any number of them.</summary>
        public Task Ended => _ended ??= _set.Task.Ended();

        public void Set() => _set.TrySetResult();
    }
}
