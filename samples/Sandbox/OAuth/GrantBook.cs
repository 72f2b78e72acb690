namespace Executor.Sandbox.OAuth;

/// <summary>All grants and tokens, and the rules of rotation. One lock: every operation is a few dictionary accesses.</summary>
internal sealed class GrantBook(TimeProvider time)
{
    private readonly Lock _gate = new();
    private readonly Dictionary<string, Grant> _grants = [];
    private readonly TokenTable _tokens = new(time);
    private int _revokedFamilies;

    public int RevokedFamilies => Volatile.Read(ref _revokedFamilies);

    public (Grant Grant, IssuedTokens Tokens) Mint(MintGrant mint, ProviderBehaviour behaviour)
    {
        lock (_gate)
        {
            var grant = new Grant(mint.GrantId ?? $"grant-{_grants.Count + 1}", mint, behaviour);
            if (!_grants.TryAdd(grant.Id, grant))
                throw new InvalidOperationException($"There is a grant '{grant.Id}' already.");
            return (grant, _tokens.Issue(grant, parent: null));
        }
    }

    public Grant? FindGrant(string grantId)
    {
        lock (_gate)
        {
            return _grants.GetValueOrDefault(grantId);
        }
    }

    public RefreshToken? FindRefreshToken(string token)
    {
        lock (_gate)
        {
            return _tokens.FindRefresh(token);
        }
    }

    public T Read<T>(Func<T> read)
    {
        lock (_gate)
        {
            return read();
        }
    }

    public Redemption Redeem(string token)
    {
        lock (_gate)
        {
            if (_tokens.FindRefresh(token) is not { } presented)
                return Redemption.Refused();

            var redemption = Redeem(presented);
            if (redemption.Replay)
                presented.Grant.Tally.Replays++;
            if (redemption.Issued is not null)
                presented.Grant.Tally.Issued++;
            return redemption;
        }
    }

    /// <summary>The live look-up of the resource server; using a token acknowledges the answer that brought it.</summary>
    public AccessToken? UseAccessToken(string token)
    {
        lock (_gate)
        {
            if (_tokens.FindAccess(token) is not { } found || found.Killed || found.Grant.Revoked || time.GetUtcNow() >= found.ExpiresAt)
                return null;
            Acknowledge(found.IssuedWith);
            return found;
        }
    }

    public bool RevokeGrant(string grantId)
    {
        lock (_gate)
        {
            if (!_grants.TryGetValue(grantId, out var grant))
                return false;
            grant.Revoked = true;
            return true;
        }
    }

    public bool KillAccessTokens(string grantId)
    {
        lock (_gate)
        {
            if (!_grants.TryGetValue(grantId, out var grant))
                return false;
            TokenTable.KillAccessTokens(grant);
            return true;
        }
    }

    public bool SetBehaviour(string grantId, ProviderBehaviour behaviour)
    {
        lock (_gate)
        {
            if (!_grants.TryGetValue(grantId, out var grant))
                return false;
            grant.Behaviour = behaviour;
            return true;
        }
    }

    /// <summary>RFC 7009: a refresh token takes its grant with it, an access token only itself. Other clients' tokens are left alone.</summary>
    public bool RevokeToken(string token, string? clientId)
    {
        lock (_gate)
        {
            if (_tokens.FindRefresh(token) is { } refresh && refresh.Grant.ClientId == clientId)
                return refresh.Grant.Revoked = true;
            if (_tokens.FindAccess(token) is { } access && access.Grant.ClientId == clientId)
                return access.Killed = true;
            return false;
        }
    }

    public void Clear()
    {
        lock (_gate)
        {
            _grants.Clear();
            _tokens.Clear();
            _revokedFamilies = 0;
        }
    }

    private Redemption Redeem(RefreshToken presented)
    {
        var grant = presented.Grant;
        var behaviour = grant.Behaviour;
        var replay = presented.RedeemedAt is not null;
        if (grant.Revoked || presented.Killed)
            return Redemption.Refused(replay);

        if (behaviour.Rotation == Rotation.None)
            return new Redemption { Issued = _tokens.IssueWithoutRotation(presented), Outcome = GrantOutcome.Issued };

        if (!replay)
        {
            presented.RedeemedAt = time.GetUtcNow();
            Acknowledge(presented);
            presented.FirstAnswer = _tokens.Issue(grant, presented);
            return new Redemption { Issued = presented.FirstAnswer, Outcome = GrantOutcome.Issued, TokenSpent = true };
        }

        if (!StillTolerated(presented))
            return Reused(grant);

        if (behaviour.GraceAnswer == GraceAnswer.SamePair)
            return new Redemption { Issued = presented.FirstAnswer, Outcome = GrantOutcome.IssuedAgain, Replay = true };

        if (behaviour.ReplayKillsNewest)
            presented.Replacements.ForEach(r => r.Killed = true);
        return new Redemption { Issued = _tokens.Issue(grant, presented), Outcome = GrantOutcome.IssuedAgain, Replay = true };
    }

    // Only the immediately previous token is tolerated: once a replacement has been redeemed, its predecessor is history.
    private bool StillTolerated(RefreshToken presented) =>
        presented.Replacements.TrueForAll(r => r.RedeemedAt is null)
        && (presented.Grant.Behaviour.Rotation == Rotation.UntilAcknowledged
            ? !presented.ReplacementUsed
            : time.GetUtcNow() - presented.RedeemedAt < TimeSpan.FromSeconds(presented.Grant.Behaviour.GraceSeconds));

    private Redemption Reused(Grant grant)
    {
        if (!grant.Behaviour.ReuseRevokesFamily)
            return Redemption.Refused(replay: true);
        grant.Revoked = true;
        Interlocked.Increment(ref _revokedFamilies);
        return Redemption.Refused(replay: true, revokedFamily: true);
    }

    private static void Acknowledge(RefreshToken used)
    {
        if (used is { Killed: false, Parent: { } parent })
            parent.ReplacementUsed = true;
    }
}
