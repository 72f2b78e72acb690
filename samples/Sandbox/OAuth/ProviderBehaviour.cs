namespace Executor.Sandbox.OAuth;

public enum Rotation
{
    /// <summary>Every answer brings a new refresh token; the redeemed one is spent (see the grace settings).</summary>
    OneTime,

    /// <summary>The redeemed token stays good until its replacement, or the access token issued with it, is first used.</summary>
    UntilAcknowledged,

    /// <summary>The refresh token never changes.</summary>
    None,
}

public enum GraceAnswer
{
    NewPair,
    SamePair,
}

public enum ExpiresInForm
{
    Number,
    Text,
    Omitted,
}

/// <summary>How an authorization server treats refresh tokens. The presets are the behaviours found in the field.</summary>
public sealed record ProviderBehaviour
{
    public Rotation Rotation { get; init; } = Rotation.OneTime;

    /// <summary>A spent token that comes back revokes the whole grant: every refresh and access token of it.</summary>
    public bool ReuseRevokesFamily { get; init; }

    /// <summary>How long a spent token still works, counted from its first redemption, while no replacement of it has been redeemed.</summary>
    public double GraceSeconds { get; init; }

    public GraceAnswer GraceAnswer { get; init; } = GraceAnswer.NewPair;

    /// <summary>A tolerated replay of the previous token invalidates the replacement that was handed out before, and the previous one stays good.</summary>
    public bool ReplayKillsNewest { get; init; }

    /// <summary>Each refresh ends the access tokens issued before it.</summary>
    public bool RefreshKillsAccessTokens { get; init; }

    /// <summary>Without rotation: answer without a <c>refresh_token</c> member instead of repeating the same one.</summary>
    public bool OmitUnchangedRefreshToken { get; init; }

    public double AccessTokenSeconds { get; init; } = 3600;

    public ExpiresInForm ExpiresIn { get; init; } = ExpiresInForm.Number;

    public static ProviderBehaviour Strict { get; } = new() { ReuseRevokesFamily = true };

    public static ProviderBehaviour RotationWithoutFamilyKill { get; } = new();

    public static ProviderBehaviour AcknowledgeOnUse { get; } = new() { Rotation = Rotation.UntilAcknowledged };

    public static ProviderBehaviour NoRotation { get; } = new() { Rotation = Rotation.None };

    public static ProviderBehaviour NoRotationOmitted { get; } = new() { Rotation = Rotation.None, OmitUnchangedRefreshToken = true };

    /// <summary>A refresh also kills the old access token.</summary>
    public static ProviderBehaviour SingleAccessToken { get; } = new() { RefreshKillsAccessTokens = true };

    public static ProviderBehaviour Grace(double seconds, GraceAnswer answer = GraceAnswer.NewPair, bool reuseRevokesFamily = true) =>
        new() { GraceSeconds = seconds, GraceAnswer = answer, ReuseRevokesFamily = reuseRevokesFamily };

    public static ProviderBehaviour KillsNewestKeepsOldest(double seconds) =>
        new() { GraceSeconds = seconds, ReplayKillsNewest = true };
}
