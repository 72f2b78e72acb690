namespace Executor.Tests.Credentials.Schedules;

internal enum ProviderKind
{
    /// <summary>Revokes the whole grant when a spent token comes back.</summary>
    Strict,

    /// <summary>Inside the window it repeats its answer; after that it is strict.</summary>
    SamePair,

    /// <summary>Inside the window it mints another pair; after that it is strict.</summary>
    NewPair,

    /// <summary>Inside the window it kills what it minted, and honours the spent token again; after that it is strict.</summary>
    KillsNewest,

    NoRotation,
}

/// <summary>What an OAuth server remembers of refresh tokens.</summary>
internal sealed class ProviderModel(ProviderKind kind, TimeSpan window)
{
    private readonly Dictionary<string, Minted> _tokens = [];
    private int _families;

    /// <summary>The redemptions that had spent tokens which came back.</summary>
    public List<Redemption> Replayed { get; } = [];

    /// <summary>The replays for which a whole grant was revoked.</summary>
    public List<(Redemption Spender, Redemption Replay)> Punished { get; } = [];

    public string NewGrant() => Mint(new Family(++_families));

    public int FamilyOf(string token) => _tokens[token].Family.Number;

    public void Revoke(string token) => _tokens[token].Family.Revoked = true;

    public bool Honours(string token, DateTimeOffset now)
    {
        var minted = _tokens[token];
        return minted is { Dead: false, Family.Revoked: false }
            && (kind == ProviderKind.NoRotation || minted.SpentAt is not { } spentAt || Tolerates(spentAt, now));
    }

    /// <summary>False refuses; a null token keeps the old one in use.</summary>
    public bool Redeem(string token, DateTimeOffset now, Redemption by, out string? successor)
    {
        successor = null;
        var minted = _tokens[token];
        if (minted.Dead || minted.Family.Revoked)
            return false;
        if (kind == ProviderKind.NoRotation)
            return true;
        if (minted.SpentAt is not { } spentAt)
        {
            (minted.SpentAt, minted.SpentBy) = (now, by);
            successor = minted.Successor = Mint(minted.Family);
            return true;
        }

        Replayed.Add(minted.SpentBy!);
        if (!Tolerates(spentAt, now))
        {
            Punished.Add((minted.SpentBy!, by));
            minted.Family.Revoked = true;
            return false;
        }

        successor = kind == ProviderKind.SamePair ? minted.Successor! : Mint(minted.Family);
        if (kind == ProviderKind.KillsNewest)
        {
            foreach (var other in _tokens.Values.Where(other => other.Family == minted.Family && other != minted))
                other.Dead = true;
            minted.SpentAt = null;
        }

        return true;
    }

    private bool Tolerates(DateTimeOffset spentAt, DateTimeOffset now) => kind != ProviderKind.Strict && now - spentAt <= window;

    private string Mint(Family family)
    {
        var token = $"rt-{family.Number}-{_tokens.Count}";
        _tokens[token] = new Minted(family);
        return token;
    }

    private sealed class Family(int number)
    {
        public int Number => number;

        public bool Revoked { get; set; }
    }

    private sealed class Minted(Family family)
    {
        public Family Family => family;

        public DateTimeOffset? SpentAt { get; set; }

        public Redemption? SpentBy { get; set; }

        public string? Successor { get; set; }

        public bool Dead { get; set; }
    }
}
