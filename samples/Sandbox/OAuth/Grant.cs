namespace Executor.Sandbox.OAuth;

/// <summary>A user's consent and everything issued under it. Guarded by the lock of <see cref="GrantBook"/>.</summary>
internal sealed class Grant(string id, MintGrant minted, ProviderBehaviour behaviour)
{
    public string Id => id;

    public string User => minted.User;

    public string? ClientId => minted.ClientId;

    public string? Scope => minted.Scope;

    public ProviderBehaviour Behaviour { get; set; } = behaviour;

    public bool Revoked { get; set; }

    public int NewestGeneration { get; set; } = -1;

    public List<AccessToken> AccessTokens { get; } = [];

    public GrantTally Tally { get; } = new();
}

internal sealed class GrantTally
{
    public int Requests { get; set; }

    public int Issued { get; set; }

    public int Replays { get; set; }
}

internal sealed class RefreshToken(Grant grant, int generation, string value, RefreshToken? parent)
{
    public Grant Grant => grant;

    /// <summary>0 is what the user's consent brought.</summary>
    public int Generation => generation;

    public string Value => value;

    public RefreshToken? Parent => parent;

    public DateTimeOffset? RedeemedAt { get; set; }

    public bool Killed { get; set; }

    public bool ReplacementUsed { get; set; }

    public List<RefreshToken> Replacements { get; } = [];

    public IssuedTokens? FirstAnswer { get; set; }
}

internal sealed class AccessToken(Grant grant, string value, DateTimeOffset expiresAt, RefreshToken issuedWith)
{
    public Grant Grant => grant;

    public string Value => value;

    public DateTimeOffset ExpiresAt => expiresAt;

    /// <summary>The refresh token that was handed out in the same answer, or the only one where nothing rotates.</summary>
    public RefreshToken IssuedWith => issuedWith;

    public bool Killed { get; set; }
}
