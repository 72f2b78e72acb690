namespace Executor.Runs.Transitions;

/// <summary>The times of a step: by the database's clock, in the statement that writes the move.</summary>
internal static class StepRowMoves
{
    /// <summary>That nobody knows what became of an earlier attempt stays true, however this one ends but well.</summary>
    public static StepRow Begun(this StepRow executing, DateTimeOffset now) => executing with { StartedAt = now, FinishedAt = null };

    public static StepRow Finished(this StepRow step, DateTimeOffset now) => step with { FinishedAt = now };

    /// <summary>Turned away before anything ran: as if it had not been begun.</summary>
    /// <param name="before">When the attempt before it was begun.</param>
    public static StepRow TakenBack(this StepRow executing, DateTimeOffset? before) => executing with
    {
        Status = StepStatus.Pending,
        Attempts = executing.Attempts - 1,
        StartedAt = executing.Interruption is null ? null : before,
    };

    /// <summary>To be begun once more, by its user's decision.</summary>
    public static StepRow ToRetry(this StepRow step) => step with { Status = StepStatus.Pending, Error = null, FinishedAt = null, Interruption = null };
}
