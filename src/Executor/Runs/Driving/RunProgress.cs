using System.Collections.Immutable;

namespace Executor.Runs.Driving;

/// <summary>Passes on what servers say of the calls of this node.</summary>
internal sealed class RunProgress : IRunProgress
{
    private readonly Lock _gate = new();
    private readonly Dictionary<RunId, Entry> _runs = [];

    /// <param name="ended">Before <see cref="End"/>: what is said afterwards is of a call that is over, and would never be cleared away.</param>
    public void Report(RunId run, StepProgress progress, CancellationToken ended = default)
    {
        // The watchers as well, so that none of them hears of it after the end, or in another order.
        lock (_gate)
        {
            if (ended.IsCancellationRequested)
                return;
            var entry = _runs.GetValueOrDefault(run, Entry.Empty) with { Latest = progress };
            _runs[run] = entry;
            entry.Watchers.ForEach(heard => heard(progress));
        }
    }

    /// <summary>The call is over, and what was said of it.</summary>
    public void End(RunId run) => Change(run, entry => entry with { Latest = null });

    public IDisposable Watch(RunId run, Action<StepProgress> heard)
    {
        lock (_gate)
        {
            if (Change(run, entry => entry with { Watchers = entry.Watchers.Add(heard) }).Latest is { } latest)
                heard(latest);
        }

        return new Watching(() => Change(run, entry => entry with { Watchers = entry.Watchers.Remove(heard) }));
    }

    private Entry Change(RunId run, Func<Entry, Entry> change)
    {
        lock (_gate)
        {
            var entry = change(_runs.GetValueOrDefault(run, Entry.Empty));
            if (entry is { Latest: null, Watchers.IsEmpty: true })
                _runs.Remove(run);
            else
                _runs[run] = entry;
            return entry;
        }
    }

    private sealed record Entry(StepProgress? Latest, ImmutableList<Action<StepProgress>> Watchers)
    {
        public static readonly Entry Empty = new(null, []);
    }

    private sealed class Watching(Action end) : IDisposable
    {
        public void Dispose() => end();
    }
}
