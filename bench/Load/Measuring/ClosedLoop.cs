using System.Diagnostics;

namespace Executor.Load;

/// <summary>So many callers, each of which asks again as soon as it is answered.</summary>
internal static class ClosedLoop
{
    /// <param name="callers">At once.</param>
    /// <param name="duration">No operation begins after it; those under way are finished and counted.</param>
    /// <param name="operation">Told the caller's number; says whether it went as it should.</param>
    public static async Task<LoopResult> RunAsync(int callers, TimeSpan duration, Func<int, Task<bool>> operation)
    {
        var clock = Stopwatch.StartNew();
        var parts = await Task.WhenAll(Enumerable.Range(0, callers).Select(caller => Task.Run(() => CallAsync(caller))));
        return new LoopResult(clock.Elapsed, [.. parts.SelectMany(part => part.Times)], parts.Sum(part => part.Errors));

        async Task<(List<double> Times, int Errors)> CallAsync(int caller)
        {
            var times = new List<double>();
            var errors = 0;
            do
            {
                var began = Stopwatch.GetTimestamp();
                if (!await operation(caller))
                    errors++;
                times.Add(Stopwatch.GetElapsedTime(began).TotalMilliseconds);
            }
            while (clock.Elapsed < duration);
            return (times, errors);
        }
    }

    /// <summary>Each of <paramref name="count"/> once.</summary>
    public static async Task<LoopResult> OnceEachAsync(int count, int callers, Func<int, Task<bool>> operation)
    {
        var clock = Stopwatch.StartNew();
        var times = new double[count];
        var errors = 0;
        await Parallel.ForAsync(0, count, new ParallelOptions { MaxDegreeOfParallelism = callers }, async (index, _) =>
        {
            var began = Stopwatch.GetTimestamp();
            if (!await operation(index))
                Interlocked.Increment(ref errors);
            times[index] = Stopwatch.GetElapsedTime(began).TotalMilliseconds;
        });
        return new LoopResult(clock.Elapsed, times, errors);
    }
}

/// <param name="Elapsed">From the first operation's begin to the last one's end.</param>
/// <param name="Times">Milliseconds of each operation.</param>
/// <param name="Errors">Operations that did not go as they should.</param>
internal sealed record LoopResult(TimeSpan Elapsed, double[] Times, int Errors)
{
    private readonly Lazy<double[]> _sorted = new(() => [.. Times.Order()]);

    public int Operations => Times.Length;

    public double Percentile(double part) =>
        _sorted.Value is { Length: > 0 } sorted ? sorted[Math.Min(sorted.Length - 1, (int)(part * sorted.Length))] : double.NaN;
}
