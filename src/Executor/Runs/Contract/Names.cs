using System.Diagnostics.CodeAnalysis;

namespace Executor.Runs;

/// <summary>A UUIDv7: sorts by creation.</summary>
public readonly record struct RunId(Guid Value)
{
    public static RunId New(TimeProvider time) => new(Guid.CreateVersion7(time.GetUtcNow()));

    public static bool TryParse([NotNullWhen(true)] string? text, out RunId id)
    {
        var parsed = Guid.TryParseExact(text, "D", out var value);
        id = new RunId(value);
        return parsed;
    }

    public override string ToString() => Value.ToString("D");
}

public enum RunStatus
{
    /// <summary>Waits for a node to claim it, perhaps not before <see cref="RunRow.NotBefore"/>.</summary>
    Pending,
    Running,
    AwaitingInput,
    Succeeded,
    Failed,
    Cancelled,
}

public enum AwaitingReason
{
    None,

    /// <summary>The user has to reconnect to <see cref="RunRow.AwaitedServer"/>; what removes the <see cref="RunRow.ParkCause"/> wakes the run.</summary>
    NeedsOAuthReauth,

    /// <summary>A call was sent and nobody knows whether it took effect; the user says retry or skip.</summary>
    Interrupted,
}

public enum StepStatus
{
    Pending,

    /// <summary>Committed before the tool is called.</summary>
    Executing,
    Succeeded,
    Failed,
    Skipped,
    Cancelled,
}

/// <summary>What left a call's outcome unknown.</summary>
public enum Interruption
{
    /// <summary>The node that called was lost before it could write down what came of it.</summary>
    NodeDied,

    /// <summary>The node that called had to stop, and ended the call.</summary>
    NodeStopped,
    TimedOut,

    /// <summary>No connection, or one that broke off after the request may have been sent.</summary>
    ConnectionLost,

    /// <summary>An HTTP status that says nothing about the tool, e.g. 502.</summary>
    ServerError,

    /// <summary>An answer came, and not even whether the tool ran can be read from it.</summary>
    UnreadableAnswer,

    /// <summary>A defect of ours.</summary>
    InternalError,
}

/// <summary>What to do when nobody knows whether a tool call took effect; overrides the tool's annotations, which are hints.</summary>
public enum OnUnknown
{
    /// <summary>Run read-only and idempotent tools again, ask about others.</summary>
    ByAnnotations,
    Retry,
    Ask,
}
