using Executor.Simulation.Algorithms.Bench;

namespace Executor.Simulation.Algorithms;

/// <summary>Every algorithm through every fault at every kind of provider.</summary>
internal sealed record Comparison(int Seed, int Refreshes, IReadOnlyDictionary<(Algorithm, ProviderKind, FaultKind), Score> Scores)
{
    public const int DefaultSeed = 1;

    /// <summary>A cell.</summary>
    public const int DefaultRefreshes = 1_000;

    public Score this[Algorithm algorithm, ProviderKind provider, FaultKind fault] => Scores[(algorithm, provider, fault)];

    public static Comparison Run(int seed = DefaultSeed, int refreshes = DefaultRefreshes)
    {
        var scores = new Dictionary<(Algorithm, ProviderKind, FaultKind), Score>();
        foreach (var provider in ProviderKind.All)
        {
            foreach (var fault in Enum.GetValues<FaultKind>())
            {
                foreach (var algorithm in Algorithm.All)
                    scores[(algorithm, provider, fault)] = new BenchWorld(algorithm, provider, fault, seed).Run(refreshes);
            }
        }

        return new Comparison(seed, refreshes, scores);
    }
}
