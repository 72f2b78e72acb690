namespace Executor.Runs.Driving;

/// <summary>Wakes one waiter. Set any number of times before it waits, it wakes it once: a burst costs one look.</summary>
internal sealed class Signal(TimeProvider time)
{
    private TaskCompletionSource _set = New();

    public void Set() => Volatile.Read(ref _set).TrySetResult();

    /// <summary>Waits until it is set, <paramref name="atMost"/> has passed, or the token fires, which ends the wait without a throw.</summary>
    public async Task WaitAsync(TimeSpan atMost, CancellationToken cancellationToken)
    {
        var set = Volatile.Read(ref _set);
        if (!set.Task.IsCompleted && atMost > TimeSpan.Zero)
            await set.Task.WaitAsync(atMost, time, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (set.Task.IsCompleted)
            Interlocked.CompareExchange(ref _set, New(), set);
    }

    private static TaskCompletionSource New() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
