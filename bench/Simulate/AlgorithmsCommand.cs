using System.CommandLine;
using Executor.Simulation.Algorithms;

namespace Executor.Simulate;

/// <summary>Executor's way to guard a rotating refresh token beside the usual ones, on one bench.</summary>
internal static class AlgorithmsCommand
{
    public static Command Create()
    {
        var refreshes = new Option<int>("--refreshes") { Description = "Refreshes a cell; a figure made of few says little.", DefaultValueFactory = _ => Comparison.DefaultRefreshes };
        var seed = new Option<int>("--seed") { Description = "Another demand, and other faults.", DefaultValueFactory = _ => Comparison.DefaultSeed };
        var command = new Command("algorithms", "Compares ways to guard a rotating refresh token, and prints the tables of bench/README.md.") { refreshes, seed };
        command.SetAction(asked => Console.Out.Write(Comparison.Run(asked.GetValue(seed), asked.GetValue(refreshes)).Markdown()));
        return command;
    }
}
