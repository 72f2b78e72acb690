using System.CommandLine;
using System.Globalization;
using Executor.Load;
using Executor.Load.Scenarios;

IScenario[] scenarios =
[
    new DepositScenario(),
    new ListingScenario(),
    new RunScenario(),
    new LatencyScenario(),
    new StormScenario(),
    new ParkedScenario(),
    new StartupScenario(),
];
const string All = "all";

var names = new Argument<string[]>("scenario")
{
    Description = $"One or more of: {All} (some twelve minutes), {string.Join(", ", scenarios.Select(scenario => $"{scenario.Name} ({scenario.About})"))}.",
    Arity = ArgumentArity.OneOrMore,
};
names.AcceptOnlyFromAmong([All, .. scenarios.Select(scenario => scenario.Name)]);
var seconds = new Option<double>("--seconds") { Description = "How long each case is measured.", DefaultValueFactory = _ => 3 };
var database = new Option<string>("--database") { Description = "Where the scenarios that touch a database keep it.", DefaultValueFactory = _ => "both" };
database.AcceptOnlyFromAmong("both", "sqlite", "postgres");
var tiny = new Option<bool>("--tiny") { Description = "Counts so small that the figures mean nothing: tries the scenarios themselves." };
var statements = new Option<bool>("--statements") { Description = "Also says which statements PostgreSQL's time goes to, in runs." };
var node = new Option<string>("--node") { Description = "Path of a published Executor.Silo.dll, to be measured instead of the one built here." };
var root = new RootCommand("Measures Executor against floors of the same run, and prints Markdown tables.") { names, seconds, database, tiny, statements, node };
root.SetAction(async line =>
{
    IReadOnlyList<DatabaseKind> databases = line.GetValue(database) switch
    {
        "sqlite" => [DatabaseKind.Sqlite],
        "postgres" => [DatabaseKind.Postgres],
        _ => [DatabaseKind.Sqlite, DatabaseKind.Postgres],
    };
    var plan = new Plan(TimeSpan.FromSeconds(line.GetValue(tiny) ? 0.3 : line.GetValue(seconds)), databases, line.GetValue(tiny));
    if (line.GetValue(node) is { } program)
        NodeProgram.InUse = new NodeProgram(Path.GetFullPath(program));
    SharedPostgres.CountsStatements = line.GetValue(statements);
    var asked = line.GetValue(names)!;
    var report = new Report(Console.Out);
    await using var server = new SharedPostgres();
    await report.MachineAsync();
    foreach (var scenario in scenarios.Where(scenario => asked.Contains(All) || asked.Contains(scenario.Name)))
    {
        var began = DateTime.UtcNow;
        report.Heading(scenario.Name);
        await scenario.RunAsync(plan, report);
        await Console.Error.WriteLineAsync($"{scenario.Name}: {(DateTime.UtcNow - began).TotalSeconds.ToString("F0", CultureInfo.InvariantCulture)} s");
    }

    return 0;
});
return await root.Parse(args).InvokeAsync();
