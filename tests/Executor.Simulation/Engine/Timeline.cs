namespace Executor.Simulation.Engine;

/// <summary>The one time of a world: what is due happens in order, and what is due together in the order in which it was set.</summary>
internal sealed class Timeline
{
    public static readonly DateTimeOffset Epoch = new(2030, 1, 1, 0, 0, 0, TimeSpan.Zero);

    private readonly PriorityQueue<Due, (long At, long Order)> _due = new();
    private const int MostAtOnce = 1_000_000;

    private long _order;
    private int _atOnce;

    /// <summary>Ticks since the world began.</summary>
    public long Now { get; private set; }

    public DateTimeOffset UtcNow => Epoch.AddTicks(Now);

    public long? Next => _due.TryPeek(out _, out var next) ? next.At : null;

    public Due After(TimeSpan wait, Action<object?> happen, object? state = null)
    {
        var due = new Due(happen, state);
        _due.Enqueue(due, (Now + Math.Max(0, wait.Ticks), _order++));
        return due;
    }

    /// <summary>Lets the next thing happen that is due no later than <paramref name="until"/>.</summary>
    public bool TryAdvance(long until)
    {
        while (_due.TryPeek(out var due, out var when) && when.At <= until)
        {
            _due.Dequeue();
            if (due.IsCancelled)
                continue;
            if (when.At > Now)
                _atOnce = 0;
            else if (++_atOnce > MostAtOnce)
                throw new InvalidOperationException("Time stands still.");
            Now = Math.Max(Now, when.At);
            due.Happen();
            return true;
        }

        Now = Math.Max(Now, until);
        return false;
    }

    internal sealed class Due(Action<object?> happen, object? state)
    {
        public bool IsCancelled { get; private set; }

        public void Cancel() => IsCancelled = true;

        public void Happen() => happen(state);
    }
}
