namespace Executor.Runs.Transitions;

/// <summary>The times of a step: by the database's clock, in the statement that writes the move.</summary>
internal static class StepRowMoves
{
    /// <summary>What an earlier attempt left behind is over.</summary>
    public static StepRow Begun(this StepRow executing, DateTimeOffset now) =>
        executing with { StartedAt = now, FinishedAt = null, Interruption = null };

    public static StepRow Finished(this StepRow step, DateTimeOffset now) => step with { FinishedAt = now };

    /// <summary>Turned away before anything ran: as if it had not been begun.</summary>
    public static StepRow TakenBack(this StepRow executing) =>
        executing with { Status = StepStatus.Pending, Attempts = executing.Attempts - 1, StartedAt = null };

    /// <summary>To be begun once more, by its user's decision.</summary>
    public static StepRow ToRetry(this StepRow step) => step with { Status = StepStatus.Pending, Error = null, FinishedAt = null, Interruption = null };
}
