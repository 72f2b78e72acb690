using System.CommandLine;
using Executor.Simulation.Mutants;

namespace Executor.Simulate;

/// <summary>For each broken variant of the product, the rules that it breaks, how often, and the first seed of each.</summary>
internal static class MutantsCommand
{
    public static Command Create()
    {
        var count = new Option<int>("--count") { Description = "Seeds a variant.", DefaultValueFactory = _ => 400 };
        var names = new Argument<string[]>("variant") { Description = "Only these.", Arity = ArgumentArity.ZeroOrMore };
        names.AcceptOnlyFromAmong([.. AllMutants.Types.Select(type => type.Name)]);
        var command = new Command("mutants", "Tries broken variants of the product, and prints which rules notice each, by which seed first.") { names, count };
        command.SetAction(asked =>
        {
            var only = asked.GetValue(names)!;
            foreach (var mutant in AllMutants.Types.Where(type => only.Length == 0 || only.Contains(type.Name)))
                Try(mutant, asked.GetValue(count));
        });
        return command;
    }

    private static void Try(Type mutant, int count)
    {
        var seeds = Enumerable.Range(0, count)
            .AsParallel()
            .AsOrdered()
            .Select(seed => (Seed: seed, Rule: AllMutants.Broken(mutant, seed)))
            .Where(tried => tried.Rule is not null)
            .GroupBy(tried => tried.Rule!, tried => tried.Seed);
        Console.WriteLine(mutant.Name);
        foreach (var rule in seeds.OrderByDescending(rule => rule.Count()))
            Console.WriteLine($"  {rule.Count(),5} of {count}, first {rule.Min(),5}: {rule.Key}");
    }
}
