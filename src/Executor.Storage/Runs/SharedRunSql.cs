using Executor.Runs;
using Executor.Storage.Databases;

namespace Executor.Storage.Runs;

/// <summary>Many moves of runs in one statement. Their columns travel as arrays; a move is known by its place in these.</summary>
internal static class SharedRunSql
{
    private const string Runs =
        "place, id, expected, status, position, next_server, awaiting_reason, awaited_server, parked_cause, not_before, blocked_since, blocked_reason, "
        + "cancel_requested, owner_name, owner_incarnation, fence, updated_at, finished_at";

    private const string Steps =
        "run, idx, status, attempts, result, error_code, error_message, error_retryable, started_at, finished_at, interruption";

    /// <summary>
    /// Picks the rows that have the expected version and that nobody else is changing: who waits for nobody is nobody's deadlock. Then
    /// writes them, and the journal of those that it wrote. Answers their places.
    /// </summary>
    /// <remarks>
    /// A plan is kept for long, and is to be right for long. Rows are to be looked up by their keys, however few there were when the plan
    /// was made. Hence the limits, which limit nothing: the planner takes them for small, and never reads a whole table for so little.
    /// </remarks>
    public static string Write(Dialect dialect) =>
        $"WITH picked AS (SELECT u.* FROM {Rows("u", Runs)} CROSS JOIN LATERAL ("
        + "SELECT 1 FROM runs r WHERE r.id = u.id AND r.version = u.expected FOR NO KEY UPDATE SKIP LOCKED) AS free "
        + "LIMIT (SELECT cardinality(@u_id))), "
        + "moved AS (UPDATE runs r SET status = p.status, position = p.position, next_server = p.next_server, "
        + "awaiting_reason = p.awaiting_reason, awaited_server = p.awaited_server, parked_cause = p.parked_cause, not_before = p.not_before, "
        + "blocked_since = p.blocked_since, blocked_reason = p.blocked_reason, cancel_requested = p.cancel_requested, owner_name = p.owner_name, "
        + "owner_incarnation = p.owner_incarnation, fence = p.fence, updated_at = p.updated_at, finished_at = p.finished_at, "
        + $"due_at = {RunSql.DueAt(dialect, "p.not_before", "r.created_at")}, version = r.version + 1 "
        + "FROM picked p WHERE r.id = p.id RETURNING p.place, r.id), "
        + $"entries AS (SELECT m.id, j.* FROM {Rows("j", Steps)} JOIN moved m ON m.place = j.run LIMIT (SELECT cardinality(@j_run))), "
        + "journaled AS (UPDATE run_steps s SET status = e.status, attempts = e.attempts, result = coalesce(e.result, s.result), "
        + "error_code = e.error_code, error_message = e.error_message, error_retryable = e.error_retryable, "
        + "started_at = e.started_at, finished_at = e.finished_at, interruption = e.interruption "
        + "FROM entries e WHERE s.run_id = e.id AND s.idx = e.idx) "
        + $"SELECT place, {dialect.Now} AS now FROM moved;\n";

    public static SqlArguments ArgumentsOf(IReadOnlyList<RunMove> moves)
    {
        var runs = moves.Select(move => move.Run).ToList();
        var steps = moves.SelectMany((move, place) => move.Steps.Select(entry => (Run: place, Entry: entry))).ToList();
        return new SqlArguments()
            .With("u_place", Enumerable.Range(0, moves.Count).ToArray())
            .With("u_id", runs.ToArray(run => run.Id))
            .With("u_expected", moves.ToArray(move => move.Expected))
            .With("u_status", runs.ToArray(run => run.Status))
            .With("u_position", runs.ToArray(run => run.Position))
            .With("u_next_server", runs.ToArray(run => run.NextServer))
            .With("u_awaiting_reason", runs.ToArray(run => run.AwaitingReason))
            .With("u_awaited_server", runs.ToArray(run => run.AwaitedServer))
            .With("u_parked_cause", runs.ToArray(run => run.ParkedCause))
            .With("u_not_before", runs.ToArray(run => run.NotBefore))
            .With("u_blocked_since", runs.ToArray(run => run.BlockedSince))
            .With("u_blocked_reason", runs.ToArray(run => run.BlockedReason))
            .With("u_cancel_requested", runs.ToArray(run => run.CancelRequested))
            .With("u_owner_name", runs.ToArray(run => run.OwnerName))
            .With("u_owner_incarnation", runs.ToArray(run => run.OwnerIncarnation))
            .With("u_fence", runs.ToArray(run => run.Fence))
            .With("u_updated_at", runs.ToArray(run => run.UpdatedAt))
            .With("u_finished_at", runs.ToArray(run => run.FinishedAt))
            .With("j_run", steps.ToArray(step => step.Run))
            .With("j_idx", steps.ToArray(step => step.Entry.Idx))
            .With("j_status", steps.ToArray(step => step.Entry.Status))
            .With("j_attempts", steps.ToArray(step => step.Entry.Attempts))
            .With("j_result", steps.ToArray(step => step.Entry.Result))
            .With("j_error_code", steps.ToArray(step => step.Entry.ErrorCode))
            .With("j_error_message", steps.ToArray(step => step.Entry.ErrorMessage))
            .With("j_error_retryable", steps.ToArray(step => step.Entry.ErrorRetryable))
            .With("j_started_at", steps.ToArray(step => step.Entry.StartedAt))
            .With("j_finished_at", steps.ToArray(step => step.Entry.FinishedAt))
            .With("j_interruption", steps.ToArray(step => step.Entry.Interruption));
    }

    /// <summary>
    /// The arrays as a table. Each array is in a query of its own, so that the planner does not count its elements. It would plan anew
    /// for each count, which costs more than the writing.
    /// </summary>
    private static string Rows(string name, string columns) =>
        $"unnest({string.Join(", ", columns.Split(", ").Select(column => $"(SELECT @{name}_{column})"))}) AS {name} ({columns})";

    private static TColumn[] ToArray<T, TColumn>(this IReadOnlyList<T> rows, Func<T, TColumn> column) => [.. rows.Select(column)];
}
