using Executor.Credentials;
using Executor.Simulation.Engine;

namespace Executor.Simulation.Providers;

/// <summary>An OAuth server's memory of grants and tokens, and its rules of rotation.</summary>
internal sealed class OAuthServer(string host, ProviderProfile profile, Timeline timeline)
{
    private readonly Dictionary<string, RefreshMinted> _refresh = new(StringComparer.Ordinal);
    private readonly Dictionary<string, AccessMinted> _access = new(StringComparer.Ordinal);
    private int _grants;

    public string Host => host;

    public ProviderProfile Profile => profile;

    /// <summary>A stretch of time in which it refuses every request with a code of its own, and touches no token.</summary>
    public LongRefusal? Refusal { get; init; }

    public bool IsRefusing => Refusal is { } refusal && timeline.Now >= refusal.From && timeline.Now < refusal.Until;

    /// <summary>Told of each redemption of a spent token, and whether the grant was revoked or the token refused for it.</summary>
    public Action<RefreshMinted, Redemption, bool> Replay { get; set; } = static (_, _, _) => { };

    public Grant Consent(CredentialKey key)
    {
        var grant = new Grant(this, ++_grants, key);
        Mint(grant, parent: null);
        return grant;
    }

    public RefreshMinted? Find(string refreshToken) => _refresh.GetValueOrDefault(refreshToken);

    public AccessMinted? FindAccess(string accessToken) => _access.GetValueOrDefault(accessToken);

    /// <summary>Whether redeeming this token at this moment would bring new ones.</summary>
    public bool Honours(RefreshMinted token) =>
        !token.IsKilled && !token.Grant.IsRevoked && (profile.Rotation == Rotation.None || token.SpentAt is null || Tolerates(token));

    /// <summary>Null refuses, with <c>invalid_grant</c>.</summary>
    public TokenPair? Redeem(RefreshMinted token, Redemption? by)
    {
        var grant = token.Grant;
        if (grant.IsRevoked || token.IsKilled)
            return null;
        if (profile.Rotation == Rotation.None)
            return Issue(grant, token, profile.OmitsRefreshToken ? null : token.Value);
        if (token.SpentAt is null)
        {
            (token.SpentAt, token.SpentBy) = (timeline.Now, by);
            Acknowledge(token);
            return token.FirstAnswer = Rotate(token);
        }

        var tolerated = Tolerates(token);
        if (!tolerated && profile.RevokesOnReuse)
            grant.IsRevoked = true;
        if (by is not null)
            Replay(token, by, !tolerated);
        if (!tolerated)
            return null;
        if (profile.Replayed == Replayed.SamePair)
            return token.FirstAnswer;
        if (profile.Replayed == Replayed.KillsNewest)
            token.Replacements.ForEach(replacement => replacement.IsKilled = true);
        return Rotate(token);
    }

    /// <summary>The live look-up of the MCP server.</summary>
    public bool Accepts(string? accessToken)
    {
        if (accessToken is null || !_access.TryGetValue(accessToken, out var token) || !IsLive(token))
            return false;
        Acknowledge(token.IssuedWith);
        return true;
    }

    public bool IsLive(AccessMinted token) => !token.IsKilled && !token.Grant.IsRevoked && timeline.Now < token.ExpiresAt;

    public static void KillAccessTokens(Grant grant) => grant.AccessTokens.ForEach(token => token.IsKilled = true);

    // Only the immediately previous token is tolerated: once a replacement has been redeemed, its predecessor is history.
    private bool Tolerates(RefreshMinted token) =>
        token.Replacements.TrueForAll(replacement => replacement.SpentAt is null)
        && (profile.Rotation == Rotation.UntilAcknowledged
            ? !token.IsAcknowledged
            : timeline.Now - token.SpentAt < profile.Grace.Ticks);

    private TokenPair Rotate(RefreshMinted token)
    {
        var successor = Mint(token.Grant, token);
        token.Replacements.Add(successor);
        return Issue(token.Grant, successor, successor.Value);
    }

    private RefreshMinted Mint(Grant grant, RefreshMinted? parent)
    {
        var token = new RefreshMinted(grant, $"rt-{host[..2]}-{grant.Number}-{grant.RefreshTokens.Count + 1}", parent);
        grant.RefreshTokens.Add(token);
        return _refresh[token.Value] = token;
    }

    private TokenPair Issue(Grant grant, RefreshMinted with, string? refreshToken)
    {
        if (profile.RefreshKillsAccessTokens)
            KillAccessTokens(grant);
        var value = $"at-{host[..2]}-{grant.Number}-{grant.AccessTokens.Count + 1}";

        // Whoever is not told a lifetime assumes an hour.
        var lifetime = profile.OmitsLifetime ? TimeSpan.FromHours(1) : profile.Lifetime;
        var token = new AccessMinted(grant, value, timeline.Now, timeline.Now + lifetime.Ticks, with);
        grant.AccessTokens.Add(token);
        _access[value] = token;
        return new TokenPair(value, refreshToken);
    }

    private static void Acknowledge(RefreshMinted used)
    {
        if (used is { IsKilled: false, Parent: { } parent })
            parent.IsAcknowledged = true;
    }
}
