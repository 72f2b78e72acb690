namespace Executor.Credentials;

/// <summary>
/// What a credential's row remembers of access tokens that the MCP server has turned down (401). So a server that refuses every token of
/// a good grant costs few redemptions in the whole cluster. The rules are in <c>Transitions/RefusalRules.cs</c>.
/// </summary>
public sealed record TokenRefusal
{
    public static readonly TokenRefusal None = new();

    /// <summary>Redemptions that 401s have caused, less those that time has given back.</summary>
    public int Redemptions { get; init; }

    /// <summary>Pauses that have begun, less those that time has forgiven. Each is longer than the one before.</summary>
    public int Pauses { get; init; }

    /// <summary>When one of the two was raised last, by the database's clock.</summary>
    public DateTimeOffset? CountedAt { get; init; }

    /// <summary>Since when tokens are refused; null while they are not.</summary>
    public DateTimeOffset? Since { get; init; }

    /// <summary>The end of the pause: nobody tries a token before.</summary>
    public DateTimeOffset? Until { get; init; }

    /// <summary>Who tries, after the pause; nobody else does before <see cref="ProbeDeadline"/>.</summary>
    public ProbeId? Prober { get; init; }

    public DateTimeOffset? ProbeDeadline { get; init; }

    /// <summary>The probe has had the one redemption that the pause before it allows.</summary>
    public bool ProbeHasRedeemed { get; init; }

    /// <summary>Raised whenever a refusal ends, so that a park or a rejection can tell whether it is still the one that it saw.</summary>
    public long Episode { get; init; }

    public bool IsActive => Since is not null;
}

/// <summary>Names who tries a refused token: a run, or one call that lists tools.</summary>
public readonly record struct ProbeId(Guid Value)
{
    public static ProbeId New() => new(Guid.NewGuid());
}
