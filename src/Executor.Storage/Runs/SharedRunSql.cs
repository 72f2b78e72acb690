using Executor.Runs;
using Executor.Storage.Databases;

namespace Executor.Storage.Runs;

/// <summary>Many moves of runs in one statement. Their columns travel as arrays; a move is known by its place in these.</summary>
internal static class SharedRunSql
{
    /// <summary>
    /// Picks the rows that have the expected version, and that nobody else is changing: who waits for nobody is nobody's deadlock.
    /// Each is looked up by its key, however few rows there were when the statement was planned. Then writes them, and the journal of
    /// those that it wrote. Answers their places.
    /// </summary>
    public static string Write(Dialect dialect) =>
        "WITH picked AS (SELECT u.* FROM unnest(@Places, @Ids, @Expected, @Status, @Position, @NextServer, @AwaitingReason, "
        + "@AwaitedServer, @NotBefore, @BlockedSince, @CancelRequested, @OwnerName, @OwnerIncarnation, @Fence, @UpdatedAt, @FinishedAt) "
        + "AS u (place, id, expected, status, position, next_server, awaiting_reason, awaited_server, not_before, blocked_since, "
        + "cancel_requested, owner_name, owner_incarnation, fence, updated_at, finished_at) CROSS JOIN LATERAL ("
        + "SELECT 1 FROM runs r WHERE r.id = u.id AND r.version = u.expected FOR NO KEY UPDATE SKIP LOCKED) AS free), "
        + "moved AS (UPDATE runs r SET status = p.status, position = p.position, next_server = p.next_server, "
        + "awaiting_reason = p.awaiting_reason, awaited_server = p.awaited_server, not_before = p.not_before, "
        + "blocked_since = p.blocked_since, cancel_requested = p.cancel_requested, owner_name = p.owner_name, "
        + "owner_incarnation = p.owner_incarnation, fence = p.fence, updated_at = p.updated_at, finished_at = p.finished_at, "
        + $"due_at = {RunSql.DueAt(dialect, "p.not_before", "r.created_at")}, version = r.version + 1 "
        + "FROM picked p WHERE r.id = p.id RETURNING p.place, p.id), "
        + "journaled AS (UPDATE run_steps s SET status = j.status, attempts = j.attempts, result = coalesce(j.result, s.result), "
        + "error_code = j.error_code, error_message = j.error_message, error_retryable = j.error_retryable "
        + "FROM unnest(@StepPlaces, @Idx, @StepStatus, @Attempts, @Result, @ErrorCode, @ErrorMessage, @ErrorRetryable) "
        + "AS j (place, idx, status, attempts, result, error_code, error_message, error_retryable) "
        + "JOIN moved m ON m.place = j.place WHERE s.run_id = m.id AND s.idx = j.idx) "
        + $"SELECT place, {dialect.Now} AS now FROM moved;\n";

    public static SqlArguments ArgumentsOf(IReadOnlyList<RunMove> moves)
    {
        var rows = moves.Select(move => RunData.From(move.Run)).ToList();
        var steps = moves.SelectMany((move, place) => move.Steps.Select(step => (Place: place, Step: StepData.From(step)))).ToList();
        return new SqlArguments()
            .With("Places", Enumerable.Range(0, moves.Count).ToArray())
            .With("Ids", rows.ToArray(row => row.Id))
            .With("Expected", moves.ToArray(move => move.Expected))
            .With("Status", rows.ToArray(row => row.Status))
            .With("Position", rows.ToArray(row => row.Position))
            .With("NextServer", rows.ToArray(row => row.NextServer))
            .With("AwaitingReason", rows.ToArray(row => row.AwaitingReason))
            .With("AwaitedServer", rows.ToArray(row => row.AwaitedServer))
            .With("NotBefore", rows.ToArray(row => row.NotBefore))
            .With("BlockedSince", rows.ToArray(row => row.BlockedSince))
            .With("CancelRequested", rows.ToArray(row => row.CancelRequested))
            .With("OwnerName", rows.ToArray(row => row.OwnerName))
            .With("OwnerIncarnation", rows.ToArray(row => row.OwnerIncarnation))
            .With("Fence", rows.ToArray(row => row.Fence))
            .With("UpdatedAt", rows.ToArray(row => row.UpdatedAt))
            .With("FinishedAt", rows.ToArray(row => row.FinishedAt))
            .With("StepPlaces", steps.ToArray(step => step.Place))
            .With("Idx", steps.ToArray(step => step.Step.Idx))
            .With("StepStatus", steps.ToArray(step => step.Step.Status))
            .With("Attempts", steps.ToArray(step => step.Step.Attempts))
            .With("Result", steps.ToArray(step => step.Step.Result))
            .With("ErrorCode", steps.ToArray(step => step.Step.ErrorCode))
            .With("ErrorMessage", steps.ToArray(step => step.Step.ErrorMessage))
            .With("ErrorRetryable", steps.ToArray(step => step.Step.ErrorRetryable));
    }

    private static TColumn[] ToArray<T, TColumn>(this IReadOnlyList<T> rows, Func<T, TColumn> column) => [.. rows.Select(column)];
}
