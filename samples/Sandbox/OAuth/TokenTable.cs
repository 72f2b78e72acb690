using System.Buffers.Text;
using System.Security.Cryptography;

namespace Executor.Sandbox.OAuth;

/// <summary>The tokens by value, and how they are issued. Guarded by the lock of <see cref="GrantBook"/>.</summary>
internal sealed class TokenTable(TimeProvider time)
{
    private readonly Dictionary<string, RefreshToken> _refresh = [];
    private readonly Dictionary<string, AccessToken> _access = [];

    public RefreshToken? FindRefresh(string token) => _refresh.GetValueOrDefault(token);

    public AccessToken? FindAccess(string token) => _access.GetValueOrDefault(token);

    public void Clear()
    {
        _refresh.Clear();
        _access.Clear();
    }

    public IssuedTokens Issue(Grant grant, RefreshToken? parent)
    {
        var refresh = new RefreshToken(grant, ++grant.NewestGeneration, NewToken("rt"), parent);
        _refresh[refresh.Value] = refresh;
        parent?.Replacements.Add(refresh);
        return new IssuedTokens(IssueAccessToken(refresh), refresh);
    }

    public IssuedTokens IssueWithoutRotation(RefreshToken presented) =>
        new(IssueAccessToken(presented), presented.Grant.Behaviour.OmitUnchangedRefreshToken ? null : presented);

    private AccessToken IssueAccessToken(RefreshToken issuedWith)
    {
        var grant = issuedWith.Grant;
        if (grant.Behaviour.RefreshKillsAccessTokens)
            KillAccessTokens(grant);

        var now = time.GetUtcNow();
        foreach (var expired in grant.AccessTokens.Where(t => t.ExpiresAt <= now))
            _access.Remove(expired.Value);
        grant.AccessTokens.RemoveAll(t => t.ExpiresAt <= now);

        var access = new AccessToken(grant, NewToken("at"), now.AddSeconds(grant.Behaviour.AccessTokenSeconds), issuedWith);
        grant.AccessTokens.Add(access);
        _access[access.Value] = access;
        return access;
    }

    public static void KillAccessTokens(Grant grant) => grant.AccessTokens.ForEach(t => t.Killed = true);

    /// <summary>Recognisable, so that one in the wrong place is.</summary>
    private static string NewToken(string prefix) => $"sandbox_{prefix}_{Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(24))}";
}
