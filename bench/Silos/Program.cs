using System.CommandLine;
using Executor.Silos;

(string Name, Func<Task> PrintAsync)[] parts =
[
    ("hand-out", HandOut.PrintAsync),
    ("cancel", Cancels.PrintAsync),
    ("throughput", Throughput.PrintAsync),
    ("failover", Failovers.PrintAsync),
    ("scaling", Scaling.PrintAsync),
    ("pressure", Pressure.PrintAsync),
];

var names = new Argument<string[]>("part") { Description = "Which to measure; all of them if none is named.", Arity = ArgumentArity.ZeroOrMore };
names.AcceptOnlyFromAmong([.. parts.Select(part => part.Name)]);
var node = new Option<string>("--node") { Description = "Path of a published Executor.Silo.dll, to be measured instead of the one built here." };
var root = new RootCommand("Measures silos on one machine, as processes, and prints Markdown tables.") { names, node };
root.SetAction(async line =>
{
    if (line.GetValue(node) is { } program)
        NodeProgram.InUse = new NodeProgram(Path.GetFullPath(program));
    var asked = line.GetValue(names)!;
    foreach (var part in parts.Where(part => asked.Length == 0 || asked.Contains(part.Name, StringComparer.Ordinal)))
        await part.PrintAsync();
});
return await root.Parse(args).InvokeAsync();
