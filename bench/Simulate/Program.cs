using System.Diagnostics;
using Executor.Simulation.Engine;
using Executor.Simulation.Worlds;

var from = int.Parse(args[0]);
var count = int.Parse(args[1]);
var verbose = args.Length > 2;
var watch = Stopwatch.StartNew();
long ticks = 0;
var rules = new Dictionary<string, List<int>>();
var tally = new Tally();
for (var seed = from; seed < from + count; seed++)
{
    try
    {
        var outcome = Schedule.Run(seed, listener: verbose ? Console.WriteLine : null);
        ticks += outcome.Ticks;
        tally.Add(outcome.Tally);
        if (verbose) Console.WriteLine(outcome.Hash);
    }
    catch (ViolationException violation)
    {
        if (verbose) Console.WriteLine(violation.Message);
        if (!rules.TryGetValue(violation.Rule, out var seeds))
        {
            rules[violation.Rule] = seeds = [];
            if (rules.Count == 1)
                Console.WriteLine(violation.Message);
        }
        seeds.Add(seed);
    }
}
foreach (var (group, what, n) in tally.Counts) Console.WriteLine($"{group,-16} {what,-40} {n}");
foreach (var (rule, seeds) in rules) Console.WriteLine($"{seeds.Count,6} {rule}: {string.Join(' ', seeds.Take(10))}");
Console.WriteLine($"{watch.Elapsed.TotalMilliseconds / count:F2} ms a schedule, {new TimeSpan(ticks).TotalHours:F1} virtual hours");
return 0;
