using Executor.Credentials.Refresh;
using Executor.Credentials.Transitions;
using Executor.Nodes;

namespace Executor.Tests.Credentials.Schedules;

/// <summary>A node, and since when it stands still.</summary>
internal sealed class ScheduledNode(NodeRef self)
{
    public NodeRef Self => self;

    public DateTimeOffset? StillSince { get; set; }

    public bool Crashed { get; set; }

    public bool Gone { get; set; }

    public bool Acts => StillSince is null;

    /// <summary>Somebody waits for what it still has to say.</summary>
    public bool Counts => !Crashed && !Gone;
}

/// <summary>One intent, its request and its answer.</summary>
internal sealed class Redemption(ScheduledNode node, OpenIntentResult.Opened permit, DateTimeOffset openedAt, bool isTolerated)
{
    public ScheduledNode Node => node;

    public OpenIntentResult.Opened Permit => permit;

    /// <summary>From before the commit of its intent.</summary>
    public DateTimeOffset OpenedAt => openedAt;

    /// <summary>
    /// Opened inside the window beside earlier ones: should one of them be under way for longer than the window, the provider
    /// punishes it. That is the price of asking again early.
    /// </summary>
    public bool IsTolerated => isTolerated;

    public bool Sent { get; set; }

    /// <summary>When the provider processes the request; null when it never does, or has.</summary>
    public DateTimeOffset? ArrivesAt { get; set; }

    /// <summary>How long the provider's answer takes.</summary>
    public TimeSpan AnswerTakes { get; set; }

    /// <summary>What the sender hears instead of what the provider says.</summary>
    public RefreshAnswer? Overheard { get; set; }

    public RefreshAnswer? Answer { get; set; }

    public DateTimeOffset AnswerAt { get; set; }

    public bool Settled { get; set; }

    /// <summary>The provider's answer to it was not, or will not be, learnt by anybody who can store it.</summary>
    public bool AnswerLost { get; set; }

    /// <summary>Its node was written down as gone meanwhile: others stopped waiting for the answer, should it come or not.</summary>
    public bool WrittenOff { get; set; }

    public bool IsUnheard => AnswerLost || WrittenOff || (!Settled && !node.Counts);
}
