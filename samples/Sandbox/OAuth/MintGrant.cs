namespace Executor.Sandbox.OAuth;

/// <summary>A user's consent, given without a browser.</summary>
public sealed record MintGrant
{
    /// <summary>Chosen by the server when null.</summary>
    public string? GrantId { get; init; }

    public string User { get; init; } = "user";

    /// <summary>Null: a grant whose requests carry no client identification.</summary>
    public string? ClientId { get; init; } = "sandbox-client";

    /// <summary>Null for a public client. Registers the client, or changes its secret.</summary>
    public string? ClientSecret { get; init; }

    /// <summary>The only method this client may authenticate with; any when null.</summary>
    public ClientAuthMethod? AuthMethod { get; init; }

    public string? Scope { get; init; }

    /// <summary>The sandbox's default behaviour when null.</summary>
    public ProviderBehaviour? Behaviour { get; init; }
}

/// <summary>The first tokens of a grant.</summary>
public sealed record MintedGrant(string GrantId, string RefreshToken, string AccessToken);

public sealed record OAuthCounters
{
    public int GrantRequests { get; init; }

    /// <summary>Requests that were answered with tokens, or would have been but for a fault after spending.</summary>
    public int Issued { get; init; }

    /// <summary>Presentations of a token that was spent before, tolerated or not.</summary>
    public int ReplaysOfSpentTokens { get; init; }

    public int RevokedFamilies { get; init; }

    public int RevocationRequests { get; init; }

    /// <summary>Requests that arrived where <see cref="FaultAnswer.Redirect"/> points.</summary>
    public int RedirectsFollowed { get; init; }

    public int Held { get; init; }

    /// <summary>Requests that have arrived and are not being answered yet, the held ones too.</summary>
    public int Concurrency { get; init; }

    public int MaxConcurrency { get; init; }
}

public sealed record GrantStatus(
    string GrantId, string User, bool Revoked, int NewestGeneration, int Requests, int Issued, int ReplaysOfSpentTokens, ProviderBehaviour Behaviour);
