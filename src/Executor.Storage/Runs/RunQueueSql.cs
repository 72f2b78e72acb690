using Executor.Storage.Databases;

namespace Executor.Storage.Runs;

/// <summary>The statements about the queue of pending runs, for one dialect.</summary>
internal sealed class RunQueueSql(Dialect dialect)
{
    /// <summary>
    /// The users with pending runs, by one index probe each however long their queues are; then the oldest due runs of each; then
    /// everybody's first before anybody's second.
    /// </summary>
    public string FindReady(bool saturated) =>
        "WITH RECURSIVE users (user_id) AS ("
        + "SELECT min(user_id) FROM runs WHERE status = 'pending' UNION ALL "
        + "SELECT (SELECT min(r.user_id) FROM runs r WHERE r.status = 'pending' AND r.user_id > u.user_id) FROM users u "
        + "WHERE u.user_id IS NOT NULL), "
        + $"heads AS ({Heads(saturated)}) "
        + "SELECT id, user_id, next_server FROM ("
        + "SELECT id, user_id, next_server, due_at, row_number() OVER (PARTITION BY user_id ORDER BY due_at, id) AS place FROM heads"
        + ") AS ranked ORDER BY place, due_at, id LIMIT @Limit;\n"
        + $"SELECT min(due_at) - {dialect.Now} FROM runs WHERE status = 'pending' AND due_at > {dialect.Now};\n";

    /// <summary>
    /// What another node claims at this moment is skipped, not waited for. Ends with the steps of all that were asked for. The rows
    /// are picked apart from the update, so that they are locked once and in one order.
    /// </summary>
    public string Claim { get; } =
        $"WITH picked AS (SELECT id FROM runs WHERE {dialect.In("id", "@Ids")} AND status = 'pending' AND due_at <= {dialect.Now} "
        + $"ORDER BY id{dialect.ForUpdateSkipLocked}) "
        + "UPDATE runs SET status = 'running', owner_name = @OwnerName, owner_incarnation = @OwnerIncarnation, fence = fence + 1, "
        + $"version = version + 1, updated_at = {dialect.Now} WHERE id IN (SELECT id FROM picked) RETURNING {RunSql.Columns};\n"
        + $"SELECT {RunSql.StepColumns} FROM run_steps WHERE {dialect.In("run_id", "@Ids")} ORDER BY run_id, idx;\n";

    public string Release { get; } =
        $"WITH picked AS (SELECT id FROM runs WHERE status = 'running' AND {dialect.In("owner_incarnation", "@Lost")} "
        + $"ORDER BY id{dialect.ForUpdate}) "
        + "UPDATE runs SET status = 'pending', owner_name = NULL, owner_incarnation = NULL, fence = fence + 1, version = version + 1, "
        + $"not_before = NULL, due_at = CASE WHEN created_at < {dialect.Now} THEN created_at ELSE {dialect.Now} END, "
        + $"updated_at = {dialect.Now} WHERE id IN (SELECT id FROM picked) RETURNING id, user_id;\n";

    public const string Owners =
        "SELECT DISTINCT owner_name AS name, owner_incarnation AS incarnation FROM runs WHERE status = 'running';";

    public const string Claims = "SELECT id, fence FROM runs WHERE status = 'running' AND owner_incarnation = @OwnerIncarnation;";

    private string Heads(bool saturated)
    {
        var open = saturated ? $"AND (next_server IS NULL OR NOT {dialect.In("next_server", "@Saturated")}) " : "";
        var oldest =
            $"FROM runs WHERE user_id = u.user_id AND status = 'pending' AND due_at <= {dialect.Now} {open}ORDER BY due_at, id LIMIT @PerUser";
        return dialect.HasLateral
            ? "SELECT h.id, h.user_id, h.next_server, h.due_at FROM users u "
                + $"CROSS JOIN LATERAL (SELECT id, user_id, next_server, due_at {oldest}) h WHERE u.user_id IS NOT NULL"
            : "SELECT h.id, h.user_id, h.next_server, h.due_at FROM users u "
                + $"JOIN runs h ON h.id IN (SELECT id {oldest}) WHERE u.user_id IS NOT NULL";
    }
}
