using Executor.Identity;

namespace Executor.Runs;

/// <summary>What a step does, as posted.</summary>
/// <param name="Arguments">A JSON object, with references not yet rendered.</param>
/// <param name="Timeout">Null for the configured default.</param>
public sealed record StepDefinition(
    string Id,
    McpServerId Server,
    string Tool,
    string Arguments,
    TimeSpan? Timeout,
    OnUnknown OnUnknown);

/// <summary>The journal of one step.</summary>
public sealed record StepRow
{
    public required int Index { get; init; }

    public required StepDefinition Definition { get; init; }

    public StepStatus Status { get; init; }

    /// <summary>How often <see cref="StepStatus.Executing"/> was committed.</summary>
    public int Attempts { get; init; }

    /// <summary>When the latest attempt was begun, by the database's clock; null before the first, and in what an older version wrote.</summary>
    public DateTimeOffset? StartedAt { get; init; }

    /// <summary>When it succeeded, failed, or was skipped or cancelled.</summary>
    public DateTimeOffset? FinishedAt { get; init; }

    /// <summary>
    /// Why nobody knows whether an attempt took effect, be it the latest or one before it. Null where that is known of all of them, and
    /// while the latest one's node may still tell. A user who says that the step is to be tried again takes what came before upon
    /// themselves.
    /// </summary>
    public Interruption? Interruption { get; init; }

    /// <summary>The <c>CallToolResult</c> as JSON. Not loaded where only the journal is needed.</summary>
    public string? Result { get; init; }

    public StepError? Error { get; init; }
}

/// <param name="Code">Stable.</param>
/// <param name="Message">Fit for the run's user.</param>
/// <param name="Retryable">The step failed without an effect: a trigger may run it again, or skip it.</param>
public sealed record StepError(string Code, string Message, bool Retryable);
