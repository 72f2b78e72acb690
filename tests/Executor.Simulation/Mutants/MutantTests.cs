using System.Reflection;
using Executor.Simulation.Engine;
using Executor.Simulation.Worlds;
using Xunit.Abstractions;

namespace Executor.Simulation.Mutants;

/// <summary>Each way to break the product is noticed, by a rule that says what is broken.</summary>
public sealed class MutantTests(ITestOutputHelper output)
{
    private const int Tried = 400;

    public static TheoryData<string> All => [.. typeof(Mutation).Assembly.GetTypes()
        .Where(type => type.IsSubclassOf(typeof(Mutation)) && !type.IsAbstract)
        .Select(type => type.Name)
        .Order(StringComparer.Ordinal)];

    [Theory]
    [MemberData(nameof(All))]
    public void Broken_product_is_noticed(string mutant)
    {
        var mutation = (Mutation)Activator.CreateInstance(typeof(MutantTests).Assembly.GetType($"{typeof(MutantTests).Namespace}.{mutant}")!)!;
        for (var seed = 0; seed < Tried; seed++)
        {
            try
            {
                Schedule.Run(seed, mutation: mutation);
            }
            catch (ViolationException violation)
            {
                output.WriteLine($"{mutant}: seed {seed}: {violation.Rule}");
                return;
            }
        }

        Assert.Fail($"No seed below {Tried} notices {mutant}.");
    }
}
