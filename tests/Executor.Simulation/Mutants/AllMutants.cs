using Executor.Simulation.Engine;
using Executor.Simulation.Worlds;

namespace Executor.Simulation.Mutants;

/// <summary>Every way to break the product from outside.</summary>
internal static class AllMutants
{
    public static IReadOnlyList<Type> Types { get; } = [.. typeof(Mutation).Assembly.GetTypes()
        .Where(type => type.IsSubclassOf(typeof(Mutation)) && !type.IsAbstract)
        .OrderBy(type => type.Name, StringComparer.Ordinal)];

    /// <summary>Which rule one of them breaks in the world of a seed; null for none.</summary>
    public static string? Broken(Type mutant, int seed)
    {
        try
        {
            Schedule.Run(seed, mutation: (Mutation)Activator.CreateInstance(mutant)!);
            return null;
        }
        catch (ViolationException violation)
        {
            return violation.Rule;
        }
    }
}
