namespace Executor.Runs.Transitions;

internal enum MoveOutcome
{
    /// <summary>The claim is over: another node has the run, or its user has ended it. What was to be written is not.</summary>
    Refused,
    Applied,

    /// <summary>The end of the step was written, the beginning of the next was not.</summary>
    AppliedAlone,

    /// <summary>Written, and the run is no longer this node's: it waits, or has ended.</summary>
    Ended,

    /// <summary>The credential has changed since it was seen: go on.</summary>
    NotAsSeen,
}
