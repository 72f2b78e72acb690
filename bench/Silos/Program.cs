using Executor.Silos;

(string Name, Func<Task> PrintAsync)[] parts =
[
    ("hand-out", HandOut.PrintAsync),
    ("cancel", Cancels.PrintAsync),
    ("throughput", Throughput.PrintAsync),
    ("failover", Failovers.PrintAsync),
    ("scaling", Scaling.PrintAsync),
];
foreach (var part in parts.Where(part => args.Length == 0 || args.Contains(part.Name, StringComparer.Ordinal)))
    await part.PrintAsync();
