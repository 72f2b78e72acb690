using Executor.Servers;
using Executor.Simulation.Providers;

namespace Executor.Simulation.Algorithms.Bench;

/// <summary>How the provider treats a spent refresh token, and what an operator who read its documentation tells Executor.</summary>
internal sealed record ProviderKind(string Name, ProviderProfile Profile, RefreshReplay Replay)
{
    private static readonly TimeSpan Window = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan Lifetime = TimeSpan.FromMinutes(5);

    public static readonly IReadOnlyList<ProviderKind> All =
    [
        new("strict", new() { RevokesOnReuse = true, Lifetime = Lifetime }, RefreshReplay.Strict),
        new(
            "grace of 60 s, same pair",
            new() { Grace = Window, Replayed = Replayed.SamePair, RevokesOnReuse = true, Lifetime = Lifetime },
            RefreshReplay.Grace(Window)),
        new(
            "grace of 60 s, new pair",
            new() { Grace = Window, Replayed = Replayed.NewPair, RevokesOnReuse = true, Lifetime = Lifetime },
            RefreshReplay.Grace(Window)),
        new(
            "grace of 60 s, kills the newest",
            new() { Grace = Window, Replayed = Replayed.KillsNewest, Lifetime = Lifetime },
            RefreshReplay.Grace(Window)),
        new("no rotation", new() { Rotation = Rotation.None, Lifetime = Lifetime }, RefreshReplay.NoRotation),
    ];
}
