namespace Executor.Simulation.Engine;

/// <summary>A rule was broken, by this seed.</summary>
public sealed class ViolationException(int seed, string rule, string detail, string trace)
    : Exception($"Seed {seed}: {rule}{(detail.Length > 0 ? $" ({detail})" : "")}\n{trace}")
{
    public int Seed => seed;

    public string Rule => rule;

    public string Detail => detail;
}
