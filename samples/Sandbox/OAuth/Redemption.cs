namespace Executor.Sandbox.OAuth;

internal sealed record IssuedTokens(AccessToken AccessToken, RefreshToken? RefreshToken);

/// <summary>What became of one presented refresh token.</summary>
internal sealed record Redemption
{
    public IssuedTokens? Issued { get; init; }

    public GrantOutcome Outcome { get; init; }

    public bool Replay { get; init; }

    public bool RevokedFamily { get; init; }

    public bool TokenSpent { get; init; }

    public static Redemption Refused(bool replay = false, bool revokedFamily = false) =>
        new() { Outcome = GrantOutcome.InvalidGrant, Replay = replay, RevokedFamily = revokedFamily };
}
