using Executor.Silo.Bench;
using Executor.Silo.Tests;

// Both engines in one run, on the same machine and the same kind of database: only the ratios mean something elsewhere.
var silos = SiloProgram.Create();
if (silos.MissingReason is { } missing)
{
    await Console.Error.WriteLineAsync(missing);
    return 1;
}

(string Name, Func<Task> PrintAsync)[] parts =
[
    ("hand-out", HandOut.PrintAsync),
    ("throughput", () => Throughput.PrintAsync(silos)),
    ("failover", () => Failovers.PrintAsync(silos)),
    ("scaling", () => Scaling.PrintAsync(silos)),
];
foreach (var part in parts.Where(part => args.Length == 0 || args.Contains(part.Name, StringComparer.Ordinal)))
    await part.PrintAsync();
return 0;
