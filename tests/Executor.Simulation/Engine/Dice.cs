namespace Executor.Simulation.Engine;

/// <summary>Every choice of a world comes from one seed.</summary>
internal sealed class Dice(int seed)
{
    private ulong _state = Mixed((ulong)(uint)seed + 0x9E3779B97F4A7C15);

    public int Next(int below) => (int)(Draw() % (ulong)below);

    public double NextDouble() => (Draw() >> 11) * (1.0 / (1UL << 53));

    /// <summary>True once in so many times.</summary>
    public bool OneIn(int times) => Next(times) == 0;

    public T Pick<T>(params ReadOnlySpan<T> values) => values[Next(values.Length)];

    public T? PickAny<T>(IReadOnlyList<T> values)
        where T : class =>
        values.Count == 0 ? null : values[Next(values.Count)];

    public TimeSpan Between(double from, double to) => TimeSpan.FromSeconds(from + ((to - from) * NextDouble()));

    public TimeSpan Seconds(params ReadOnlySpan<double> values) => TimeSpan.FromSeconds(values[Next(values.Length)]);

    /// <summary>Dice of its own for a part of the world, so that one more draw in it does not change the others' draws.</summary>
    public Dice Split() => new((int)Draw());

    // SplitMix64: small, and the same on every runtime.
    private ulong Draw() => Mixed(_state += 0x9E3779B97F4A7C15);

    private static ulong Mixed(ulong z)
    {
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return z ^ (z >> 31);
    }
}

/// <summary>The domain's randomness.</summary>
internal sealed class DiceRandom(Dice dice) : Random
{
    public override int Next() => dice.Next(int.MaxValue);

    public override int Next(int maxValue) => dice.Next(Math.Max(1, maxValue));

    public override int Next(int minValue, int maxValue) => minValue + dice.Next(Math.Max(1, maxValue - minValue));

    public override double NextDouble() => dice.NextDouble();

    protected override double Sample() => dice.NextDouble();
}
