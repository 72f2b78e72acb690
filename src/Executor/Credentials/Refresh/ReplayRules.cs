using Executor.Servers;

namespace Executor.Credentials.Refresh;

/// <summary>
/// What a refresh may risk at one provider. <em>Tolerant</em>: a second redemption of a possibly spent token is harmless for now.
/// Otherwise it may revoke the whole grant, and is made only when the first request can no longer be answered or processed.
/// </summary>
internal sealed class ReplayRules
{
    private static readonly TimeSpan MaxPatience = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan MinMargin = TimeSpan.FromSeconds(2);

    private readonly RefreshReplay _replay;
    private readonly TimeSpan _margin;

    public ReplayRules(RefreshReplay replay, TimeSpan lease, CredentialOptions options)
    {
        _margin = Spans.Max(MinMargin, replay.Window / 5);
        // A window that suspicion alone would use up tolerates nothing.
        _replay = replay.Kind == RefreshReplayKind.Grace && replay.Window <= lease + _margin ? RefreshReplay.Strict : replay;
        Lease = lease;
        Deadline = options.RedemptionDeadline;
        ObserverMargin = options.ObserverMargin;
    }

    /// <summary>For how long a node has to give no sign of life before it is suspected.</summary>
    public TimeSpan Lease { get; }

    /// <summary>How long a sender listens.</summary>
    public TimeSpan Deadline { get; }

    public TimeSpan ObserverMargin { get; }

    /// <summary>How long a tolerant sender waits for an answer before it asks again, still listening; null where it never does.</summary>
    public TimeSpan? Patience => _replay.Kind switch
    {
        RefreshReplayKind.Grace => Spans.Min(_replay.Window / 3, MaxPatience),
        RefreshReplayKind.NoRotation => MaxPatience,
        _ => null,
    };

    /// <summary>What is tolerated now will not be for ever.</summary>
    public bool HasWindow => _replay.Kind == RefreshReplayKind.Grace;

    /// <summary>Both times by the database's clock.</summary>
    public bool IsTolerant(DateTimeOffset firstIntentStartedAt, DateTimeOffset now) =>
        _replay.Kind != RefreshReplayKind.Strict
        && (LastTolerantMoment(firstIntentStartedAt) is not { } last || now < last);

    /// <summary>When a retry has to be made at the latest to be harmless; null where that never or always holds.</summary>
    public DateTimeOffset? LastTolerantMoment(DateTimeOffset firstIntentStartedAt) =>
        _replay.Kind == RefreshReplayKind.Grace ? firstIntentStartedAt + _replay.Window - _margin : null;
}
