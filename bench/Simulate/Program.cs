using System.CommandLine;
using Executor.Simulate;

var seed = new Option<int?>("--seed") { Description = "Reruns one seed and prints its trace." };
var count = new Option<int>("--count") { Description = "How many seeds to run.", DefaultValueFactory = _ => 1000 };
var from = new Option<int>("--from") { Description = "The first of them." };
var parallel = new Option<int>("--parallel")
{
    Description = "How many worlds at once, each on a thread of its own.",
    DefaultValueFactory = _ => Environment.ProcessorCount,
};
var steps = new Option<int>("--steps")
{
    Description = "How much happens in one world.",
    DefaultValueFactory = _ => Executor.Simulation.Worlds.Schedule.DefaultSteps,
};
var command = new RootCommand("Runs Executor's domain code through simulated worlds, each of them the whole consequence of its seed.")
{
    seed, count, from, parallel, steps,
};
command.SetAction(arguments => arguments.GetValue(seed) is { } one
    ? OneSeed.Run(one, arguments.GetValue(steps))
    : ManySeeds.Run(arguments.GetValue(from), arguments.GetValue(count), arguments.GetValue(parallel), arguments.GetValue(steps)));
command.Subcommands.Add(AlgorithmsCommand.Create());
command.Subcommands.Add(MutantsCommand.Create());
return command.Parse(args).Invoke();
