namespace Executor.Sandbox.Control;

/// <summary>
/// What happened, in order, with waiters: a test synchronises on an entry ("this request is being held") instead of sleeping.
/// Entries are immutable; a later stage of the same event replaces its entry under the same sequence number.
/// </summary>
public sealed class Journal<T>
    where T : class
{
    private readonly Lock _gate = new();
    private readonly Dictionary<long, T> _entries = [];
    private readonly int _capacity;
    private TaskCompletionSource? _changed;
    private long _first = 1;
    private long _next = 1;

    internal Journal(int capacity) => _capacity = capacity;

    /// <summary>The sequence number of the newest entry; pass it as <c>after</c> to look only at what follows.</summary>
    public long Position
    {
        get
        {
            lock (_gate)
            {
                return _next - 1;
            }
        }
    }

    public IReadOnlyList<T> Read(long after = 0, Func<T, bool>? where = null)
    {
        lock (_gate)
        {
            return Select(after, where);
        }
    }

    /// <summary>Waits, in real time whatever clock the sandbox runs on, until <paramref name="count"/> entries match.</summary>
    /// <exception cref="TimeoutException">They did not appear in time.</exception>
    public async Task<IReadOnlyList<T>> WaitAsync(Func<T, bool> where, int count, TimeSpan timeout, long after = 0, CancellationToken cancellationToken = default)
    {
        var deadline = Environment.TickCount64 + (long)timeout.TotalMilliseconds;
        while (true)
        {
            List<T> found;
            Task changed;
            lock (_gate)
            {
                found = Select(after, where);
                // Made by whoever waits: without waiters an entry costs no signal.
                changed = (_changed ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).Task;
            }

            if (found.Count >= count)
                return found;

            var left = deadline - Environment.TickCount64;
            if (left <= 0)
                throw new TimeoutException($"{found.Count} of {count} awaited {typeof(T).Name} entries after {timeout}.");

            // The loop decides about time; here it only bounds one sleep.
            await changed.WaitAsync(TimeSpan.FromMilliseconds(left), cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            cancellationToken.ThrowIfCancellationRequested();
        }
    }

    internal T Add(Func<long, T> create)
    {
        lock (_gate)
        {
            var sequence = _next++;
            var entry = create(sequence);
            _entries[sequence] = entry;
            while (_entries.Count > _capacity)
                _entries.Remove(_first++);
            Signal();
            return entry;
        }
    }

    internal void Update(long sequence, Func<T, T> change)
    {
        lock (_gate)
        {
            if (!_entries.TryGetValue(sequence, out var entry))
                return;
            _entries[sequence] = change(entry);
            Signal();
        }
    }

    internal void Clear()
    {
        lock (_gate)
        {
            _entries.Clear();
            _first = _next;
            Signal();
        }
    }

    private List<T> Select(long after, Func<T, bool>? where)
    {
        var found = new List<T>();
        for (var sequence = Math.Max(_first, after + 1); sequence < _next; sequence++)
        {
            var entry = _entries[sequence];
            if (where is null || where(entry))
                found.Add(entry);
        }

        return found;
    }

    private void Signal()
    {
        _changed?.TrySetResult();
        _changed = null;
    }
}
