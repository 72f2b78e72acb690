namespace Executor.Storage.Admission;

/// <summary>
/// Makes a copy of a database (staging, from production's) one of its own, and harmless to the other. A rotating refresh token is
/// redeemed once, by one of them: here all are shredded. What the other is about to do is not done twice: unfinished runs are cancelled.
/// </summary>
internal sealed class CopyAdoption
{
    private const string CancelSteps =
        "UPDATE run_steps SET status = 'cancelled' WHERE status IN ('pending', 'executing') AND run_id IN "
        + "(SELECT id FROM runs WHERE status IN ('pending', 'running', 'awaiting-input'));";

    private const string CancelRuns =
        "UPDATE runs SET status = 'cancelled', awaiting_reason = 'none', awaited_server = NULL, parked_cause = 'none', next_server = NULL, not_before = NULL, "
        + "blocked_since = NULL, blocked_reason = NULL, owner_name = NULL, owner_incarnation = NULL, fence = fence + 1, finished_at = @Now, updated_at = @Now, "
        + "version = version + 1 WHERE status IN ('pending', 'running', 'awaiting-input');";

    public int Credentials { get; private set; }

    public int Runs { get; private set; }

    public async Task AdoptAsync(Opening opening)
    {
        if (opening.WasEmpty)
            throw new StorageStartException("There is no database to adopt: DATABASE_* or EXECUTOR_DATABASE_PATH name one that nothing has been stored in.");
        if (opening.Others is [var node, ..])
            throw new StorageStartException($"Node {node.Name} runs on this database: adopting it as a copy would take everybody's credentials away.");

        await opening.WriteAsync("DELETE FROM database_identity;");
        await opening.WriteAsync("UPDATE node_incarnations SET gone = 1;");
        await opening.WriteAsync("DELETE FROM refresh_intents;");
        await opening.WriteAsync("DELETE FROM encryption_keys;");
        Credentials = await opening.WriteAsync($"UPDATE credentials SET {KeySql.Blanks("copied")} WHERE state <> 'absent';");
        await opening.WriteAsync(CancelSteps);
        Runs = await opening.WriteAsync(CancelRuns, new { opening.Now });
    }
}
