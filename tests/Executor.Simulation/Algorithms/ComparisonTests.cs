using Executor.Simulation.Algorithms.Bench;

namespace Executor.Simulation.Algorithms;

public sealed class ComparisonTests
{
    private const int Seed = 7;
    private const int Few = 100;

    public static TheoryData<int> Providers => [.. Enumerable.Range(0, ProviderKind.All.Count)];

    [Theory]
    [MemberData(nameof(Providers))]
    public void Executor_loses_only_what_is_out_of_reach(int number)
    {
        var provider = ProviderKind.All[number];
        foreach (var fault in Enum.GetValues<FaultKind>())
        {
            var score = new BenchWorld(Algorithm.Own, provider, fault, Seed).Run(Few);
            Assert.True(score.Lost == score.OutOfReach, $"{provider.Name}, {fault}: {score.Lost} lost, {score.OutOfReach} of them out of reach");
        }
    }

    [Theory]
    [MemberData(nameof(Providers))]
    public void Nothing_is_lost_or_withheld_without_faults(int number)
    {
        foreach (var algorithm in Algorithm.All)
        {
            var score = new BenchWorld(algorithm, ProviderKind.All[number], FaultKind.None, Seed).Run(Few);
            Assert.Equal((algorithm.Name, 0, 0), (algorithm.Name, score.Lost, score.Withheld));
        }
    }

    /// <summary>Patience is what tells them apart at a strict provider: the answer comes, to whoever still listens.</summary>
    [Fact]
    public void Late_arrivals_at_a_strict_provider_cost_the_others_grants_and_Executor_none()
    {
        foreach (var algorithm in Algorithm.All)
        {
            var score = new BenchWorld(algorithm, ProviderKind.All[0], FaultKind.LateArrival, Seed).Run(3 * Few);
            Assert.True((score.Lost > 0) == (algorithm != Algorithm.Own), $"{algorithm.Name}: {score.Lost} lost");
        }
    }

    [Fact]
    public void Same_seed_makes_the_same_scores()
    {
        foreach (var algorithm in Algorithm.All)
            Assert.Equal(Summary(algorithm), Summary(algorithm));

        static (int, int, int) Summary(Algorithm algorithm)
        {
            var score = new BenchWorld(algorithm, ProviderKind.All[1], FaultKind.All, Seed).Run(Few);
            return (score.Lost, score.Requests, score.Withheld);
        }
    }

    [Fact]
    public void Readme_has_the_table_of_the_defaults() => Assert.Contains(
        ComparisonText.Headline(Comparison.DefaultSeed, Comparison.DefaultRefreshes),
        File.ReadAllText(Path.Combine(Repository.Root, "bench", "README.md")),
        StringComparison.Ordinal);
}
