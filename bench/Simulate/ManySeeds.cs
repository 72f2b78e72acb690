using System.Diagnostics;
using Executor.Simulation.Engine;
using Executor.Simulation.Worlds;

namespace Executor.Simulate;

/// <summary>Many worlds, some of them at once; each of them on one thread.</summary>
internal sealed class ManySeeds(int end, int steps)
{
    private readonly Lock _gate = new();
    private readonly Tally _tally = new();
    private readonly SortedDictionary<int, ViolationException> _violations = [];
    private int _next;
    private long _ticks;
    private int _faulty;

    public static int Run(int from, int count, int parallel, int steps)
    {
        var watch = Stopwatch.StartNew();
        var runs = new ManySeeds(from + count, steps) { _next = from };
        var threads = Enumerable.Range(0, parallel).Select(_ => new Thread(runs.Work)).ToList();
        threads.ForEach(thread => thread.Start());
        threads.ForEach(thread => thread.Join());
        return runs.Report(count, watch.Elapsed);
    }

    private void Work()
    {
        while (Interlocked.Increment(ref _next) - 1 is var seed && seed < end)
        {
            try
            {
                var outcome = Schedule.Run(seed, steps);
                lock (_gate)
                {
                    _ticks += outcome.Ticks;
                    _faulty += outcome.HasFaults ? 1 : 0;
                    _tally.Add(outcome.Tally);
                }
            }
            catch (ViolationException violation)
            {
                lock (_gate)
                {
                    _violations[seed] = violation;
                    if (_violations.Count <= 3)
                        Console.WriteLine(violation.Message);
                }
            }
        }
    }

    private int Report(int count, TimeSpan took)
    {
        foreach (var (group, what, number) in _tally.Counts)
            Console.WriteLine($"{group,-16} {what,-36} {number,12}");
        foreach (var rule in _violations.GroupBy(violation => violation.Value.Rule))
            Console.WriteLine($"BROKEN by {rule.Count()}: {rule.Key}. Seeds {string.Join(' ', rule.Select(violation => violation.Key).Take(20))}");
        var cpu = Environment.CpuUsage.TotalTime.TotalMilliseconds / count;
        Console.WriteLine(
            $"{count} schedules of {steps} steps ({_faulty} with faults), {new TimeSpan(_ticks).TotalHours:F1} virtual hours, "
            + $"{_violations.Count} violations; {took.TotalSeconds:F1} s, {count / took.TotalSeconds:F0} a second, {cpu:F2} ms CPU each.");
        return _violations.Count == 0 ? 0 : 1;
    }
}
