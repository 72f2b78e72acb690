using FsCheck;
using FsCheck.Fluent;

namespace Executor.Tests.Properties;

/// <summary>
/// Runs a property on random values. A failure names the smallest value found and its seed; the variable EXECUTOR_TESTS_SEED, set to
/// the two numbers with a comma between, replays it.
/// </summary>
internal static class Property
{
    private const string Seed = "EXECUTOR_TESTS_SEED";

    public static void Holds<T>(Gen<T> values, Action<T> property, int times = 300) =>
        Run(Arb.From(values), property, times);

    /// <summary>Of a failing sequence, what it fails without is left out.</summary>
    public static void HoldsOfSequences<T>(Gen<T> steps, int length, Action<IReadOnlyList<T>> property, int times) => Run(
        Arb.From(Gen.Choose(1, length).SelectMany(count => steps.ArrayOf(count)), sequence => Enumerable.Range(0, sequence.Length).Select(Without(sequence))),
        property,
        times);

    private static Func<int, T[]> Without<T>(T[] sequence) => index => [.. sequence[..index], .. sequence[(index + 1)..]];

    private static void Run<T>(Arbitrary<T> values, Action<T> property, int times)
    {
        var config = Config.QuickThrowOnFailure.WithMaxTest(times);
        if (Environment.GetEnvironmentVariable(Seed)?.Split(',') is [var seed, var gamma])
            config = config.WithReplay(ulong.Parse(seed), ulong.Parse(gamma));
        Prop.ForAll(values, property).Check(config);
    }
}
