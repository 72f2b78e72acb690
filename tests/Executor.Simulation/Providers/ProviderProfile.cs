using Executor.Simulation.Engine;

namespace Executor.Simulation.Providers;

internal enum Rotation
{
    /// <summary>Every answer brings a new refresh token.</summary>
    OneTime,

    /// <summary>The redeemed token stays good until what replaced it, or the access token that came with that, is first used.</summary>
    UntilAcknowledged,
    None,
}

internal enum Replayed
{
    NewPair,
    SamePair,

    /// <summary>What was handed out before dies, and the token that came back stays good.</summary>
    KillsNewest,
}

/// <param name="Status">Of the refusals; 200 is one too.</param>
internal sealed record LongRefusal(long From, long Until, int Status)
{
    public static LongRefusal? Draw(Dice dice)
    {
        if (!dice.OneIn(6))
            return null;
        var from = dice.Seconds(5, 30, 90).Ticks;
        return new LongRefusal(from, from + dice.Seconds(90, 200, 500).Ticks, dice.Pick(400, 200));
    }
}

/// <summary>How an OAuth server treats refresh tokens: the behaviours found in the field.</summary>
internal sealed record ProviderProfile
{
    public Rotation Rotation { get; init; }

    /// <summary>How long a spent token still works, from its first redemption, while no replacement of it has been redeemed.</summary>
    public TimeSpan Grace { get; init; }

    public Replayed Replayed { get; init; }

    /// <summary>A spent token that comes back too late revokes the whole grant.</summary>
    public bool RevokesOnReuse { get; init; }

    public bool RefreshKillsAccessTokens { get; init; }

    /// <summary>Without rotation: no <c>refresh_token</c> in the answer.</summary>
    public bool OmitsRefreshToken { get; init; }

    public bool OmitsLifetime { get; init; }

    public TimeSpan Lifetime { get; init; }

    public static ProviderProfile Draw(Dice dice)
    {
        var window = dice.Seconds(14, 30, 60, 600);
        var profile = dice.Next(8) switch
        {
            0 or 1 => new ProviderProfile { RevokesOnReuse = true },
            2 => new ProviderProfile(),
            3 => new ProviderProfile { Grace = window, Replayed = Replayed.SamePair, RevokesOnReuse = true },
            4 => new ProviderProfile { Grace = window, Replayed = Replayed.NewPair, RevokesOnReuse = true },
            5 => new ProviderProfile { Grace = window, Replayed = Replayed.KillsNewest },
            6 => new ProviderProfile { Rotation = Rotation.UntilAcknowledged, RevokesOnReuse = dice.OneIn(2) },
            _ => new ProviderProfile { Rotation = Rotation.None, OmitsRefreshToken = dice.OneIn(2) },
        };
        return profile with
        {
            Lifetime = dice.Seconds(30, 60, 300, 3600),
            OmitsLifetime = dice.OneIn(6),
            RefreshKillsAccessTokens = dice.OneIn(5),
        };
    }
}
