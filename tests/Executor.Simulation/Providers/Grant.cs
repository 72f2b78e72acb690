using Executor.Credentials;

namespace Executor.Simulation.Providers;

/// <summary>A user's consent, and everything issued under it.</summary>
internal sealed class Grant(OAuthServer server, int number, CredentialKey key)
{
    public OAuthServer Server => server;

    public int Number => number;

    public CredentialKey Key => key;

    public bool IsRevoked { get; set; }

    /// <summary>By the user, at the provider: nobody could have kept it.</summary>
    public bool IsRevokedByUser { get; set; }

    public List<RefreshMinted> RefreshTokens { get; } = [];

    public List<AccessMinted> AccessTokens { get; } = [];
}

internal sealed class RefreshMinted(Grant grant, string value, RefreshMinted? parent)
{
    public Grant Grant => grant;

    public string Value => value;

    public RefreshMinted? Parent => parent;

    public long? SpentAt { get; set; }

    public Redemption? SpentBy { get; set; }

    public bool IsKilled { get; set; }

    /// <summary>A replacement was used, which says that the answer arrived.</summary>
    public bool IsAcknowledged { get; set; }

    /// <summary>Its user brought it once more after it was spent, and nothing lived that would have recognised it.</summary>
    public bool IsDepositedAgain { get; set; }

    /// <summary>When it was refused although it was honoured.</summary>
    public long? RefusedInErrorAt { get; set; }

    public List<RefreshMinted> Replacements { get; } = [];

    public TokenPair? FirstAnswer { get; set; }
}

internal sealed class AccessMinted(Grant grant, string value, long mintedAt, long expiresAt, RefreshMinted issuedWith)
{
    public Grant Grant => grant;

    public string Value => value;

    public long MintedAt => mintedAt;

    public long ExpiresAt => expiresAt;

    public RefreshMinted IssuedWith => issuedWith;

    public bool IsKilled { get; set; }
}

/// <param name="RefreshToken">Null where the answer leaves it out.</param>
internal sealed record TokenPair(string AccessToken, string? RefreshToken);
