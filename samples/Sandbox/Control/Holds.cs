namespace Executor.Sandbox.Control;

/// <summary>Requests that wait until somebody lets them go on.</summary>
internal sealed class Holds(TimeProvider time, CancellationToken stopping)
{
    private readonly Lock _gate = new();
    private readonly Dictionary<long, Held> _held = [];

    public int Count
    {
        get
        {
            lock (_gate)
            {
                return _held.Count;
            }
        }
    }

    /// <summary>
    /// Registers the hold before <paramref name="announce"/> is called, so that whoever reacts to the announcement finds something to release.
    /// </summary>
    public async Task WaitAsync(long sequence, string? grantId, int? milliseconds, Action announce, CancellationToken abandoned)
    {
        var held = new Held(grantId);
        lock (_gate)
        {
            _held[sequence] = held;
        }

        try
        {
            using var either = CancellationTokenSource.CreateLinkedTokenSource(stopping, abandoned);
            var wait = milliseconds is { } ms
                ? Task.WhenAny(held.Released.Task, Task.Delay(TimeSpan.FromMilliseconds(ms), time, either.Token))
                : held.Released.Task;
            announce();
            await wait.WaitAsync(either.Token);
            either.Token.ThrowIfCancellationRequested();
        }
        finally
        {
            lock (_gate)
            {
                _held.Remove(sequence);
            }
        }
    }

    public int Release(long? sequence, string? grantId)
    {
        lock (_gate)
        {
            var chosen = _held
                .Where(h => (sequence is null || h.Key == sequence) && (grantId is null || h.Value.GrantId == grantId))
                .ToList();
            foreach (var (key, held) in chosen)
            {
                _held.Remove(key);
                held.Released.TrySetResult();
            }

            return chosen.Count;
        }
    }

    private sealed record Held(string? GrantId)
    {
        public TaskCompletionSource Released { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
