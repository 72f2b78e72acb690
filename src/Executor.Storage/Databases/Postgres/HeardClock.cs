using System.Diagnostics;

namespace Executor.Storage.Databases.Postgres;

/// <summary>
/// The server's clock without a question: what it said, and the time since by this process's monotonic clock. It is behind by what the
/// answer took to arrive. So of two answers the later time counts.
/// </summary>
internal sealed class HeardClock
{
    // Either clock may be set or stopped (a suspended machine): what was heard long ago says little.
    private static readonly TimeSpan MaxAge = TimeSpan.FromSeconds(10);

    private Reading? _last;

    public long? Now => Volatile.Read(ref _last) is { } last && Stopwatch.GetElapsedTime(last.At) is var age && age < MaxAge
        ? last.Said + (long)age.TotalMilliseconds
        : null;

    public void Hear(long now)
    {
        if (!(Now > now))
            Volatile.Write(ref _last, new Reading(now, Stopwatch.GetTimestamp()));
    }

    private sealed record Reading(long Said, long At);
}
