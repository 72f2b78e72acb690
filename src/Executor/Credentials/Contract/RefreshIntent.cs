using Executor.Nodes;

namespace Executor.Credentials;

/// <summary>
/// A durable permit to redeem one generation's refresh token once, written before the token leaves the process. Intents of a
/// generation form a chain, ordered by <see cref="Ordinal"/>, with at most one open: the row's last while it is
/// <see cref="CredentialState.Refreshing"/>.
/// </summary>
public sealed record RefreshIntent
{
    public required IntentId Id { get; init; }

    public required Generation Generation { get; init; }

    /// <summary>1 for the first intent of the generation.</summary>
    public required int Ordinal { get; init; }

    public required NodeRef Owner { get; init; }

    /// <summary>By the database's clock.</summary>
    public required DateTimeOffset StartedAt { get; init; }

    /// <summary>
    /// Until when the sender listens, and its request may be processed. The sender counts from before its commit. Brought forward when
    /// the server turns out to be done with the request.
    /// </summary>
    public required DateTimeOffset Deadline { get; init; }

    /// <summary>It redeems the kept token, not the current one.</summary>
    public bool UsesKept { get; init; }

    /// <summary>What its sender saw, once it has stopped listening; until then <see cref="IntentSettlement.Unsettled"/>.</summary>
    public IntentSettlement Settlement { get; init; }

    /// <summary>A final answer that waits until every earlier intent has settled or its owner is gone.</summary>
    public CredentialReason RecordedFailure { get; init; }

    /// <summary>Read with the intent: its owner's incarnation has been written down as gone.</summary>
    public bool OwnerGone { get; init; }
}

public enum IntentSettlement
{
    Unsettled,

    /// <summary>The token certainly was not spent by this request.</summary>
    NotSpent,

    /// <summary>The request was written, and what arrived does not tell whether the token was spent.</summary>
    InDoubt,

    /// <summary>The OAuth server refused, finally.</summary>
    Refused,
}
