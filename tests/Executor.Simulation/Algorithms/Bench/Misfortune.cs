using Executor.Simulation.Engine;

namespace Executor.Simulation.Algorithms.Bench;

/// <summary>
/// What befalls one refresh. Drawn from the seed, the user and the number of the refresh and nothing else, so that it befalls every
/// algorithm alike.
/// </summary>
internal sealed record Misfortune(FaultKind Kind, TimeSpan After, TimeSpan For, bool Variant, int Status)
{
    /// <summary>One refresh in so many.</summary>
    public const int OneIn = 10;

    public static readonly Misfortune None = new(FaultKind.None, default, default, Variant: false, 0);

    public static Misfortune Draw(FaultKind kind, int seed, int user, int refresh)
    {
        var dice = new Dice(HashCode(seed, user, refresh));
        if (kind == FaultKind.None || !dice.OneIn(OneIn))
            return None;
        var actual = kind == FaultKind.All ? (FaultKind)(1 + dice.Next((int)FaultKind.All - 1)) : kind;
        return new Misfortune(
            actual,
            dice.Between(0, 0.12), // connecting, the way there and back, and the commit take about 60 ms
            actual switch
            {
                FaultKind.Crash => dice.Between(3, 30),
                FaultKind.Freeze => dice.Seconds(2, 12, 40, 90),
                FaultKind.LateArrival => dice.Between(2, 50),
                _ => dice.Between(2, 40),
            },
            dice.OneIn(2),
            dice.Pick(500, 502, 503));
    }

    private static int HashCode(int seed, int user, int refresh) => unchecked((((seed * 31) + user) * 1_000_003) + (refresh * 7919));
}
