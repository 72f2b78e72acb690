using System.Collections.Concurrent;
using System.Text;
using Executor.Runs;
using Executor.Storage.Databases;

namespace Executor.Storage.Runs;

/// <summary>The statements about single runs, for one dialect. Those of a step are long, and made once.</summary>
internal sealed class RunSql(Dialect dialect)
{
    public const string Columns =
        "id, user_id, name, input, status, position, step_count, next_server, awaiting_reason, awaited_server, parked_cause, "
        + "not_before, blocked_since, blocked_reason, cancel_requested, owner_name, owner_incarnation, fence, version, created_at, "
        + "updated_at, finished_at";

    public const string StepColumns =
        "run_id, idx, step_id, server, tool, arguments, timeout_ms, on_unknown, status, attempts, "
        + "error_code, error_message, error_retryable, started_at, finished_at, interruption";

    private readonly ConcurrentDictionary<int, string> _updates = new(), _journals = new(), _inserts = new();

    public string Insert { get; } =
        $"INSERT INTO runs ({Columns}, due_at, idempotency_key, body_hash) VALUES (@Id, @UserId, @Name, @Input, @Status, @Position, "
        + "@StepCount, @NextServer, @AwaitingReason, @AwaitedServer, @ParkedCause, @NotBefore, @BlockedSince, @BlockedReason, @CancelRequested, @OwnerName, "
        + $"@OwnerIncarnation, @Fence, @Version, @CreatedAt, @UpdatedAt, @FinishedAt, {DueAt(dialect, "@NotBefore", "@CreatedAt")}, @IdempotencyKey, @BodyHash) "
        + "ON CONFLICT (user_id, idempotency_key) WHERE idempotency_key IS NOT NULL DO NOTHING;\n";

    public const string FindKey =
        "SELECT id, body_hash FROM runs WHERE user_id = @UserId AND idempotency_key = @IdempotencyKey;\n";

    public const string Find = $"SELECT {Columns} FROM runs WHERE id = @Id;\n";

    public const string Read =
        Find
        + $"SELECT {StepColumns}, result FROM run_steps WHERE run_id = @Id ORDER BY idx;\n";

    /// <summary>After the lock, as statements of their own: they see what the lock waited for.</summary>
    public string Ledger { get; } =
        $"SELECT {Columns} FROM runs WHERE id = @Id{dialect.ForUpdate};\n"
        + $"SELECT {StepColumns} FROM run_steps WHERE run_id = @Id AND idx = (SELECT position FROM runs WHERE id = @Id);\n"
        + $"SELECT {dialect.Now} AS now;\n";

    /// <summary>Its guard is its version, as a credential's is.</summary>
    private readonly string _update =
        Update(dialect) + "version = CASE WHEN version = @Expected THEN @Expected + 1 END WHERE id = @Id;\n";

    /// <summary>The run, if it still has the expected version; answers whether it had.</summary>
    public string UpdateKnown { get; } = Update(dialect) + "version = version + 1 WHERE id = @Id AND version = @Expected RETURNING 1;\n";

    public string LockSeen { get; } =
        Credentials.CredentialSql.Create
        + "SELECT generation, state, refusal_episode FROM credentials WHERE user_id = @UserId AND mcp_server_id = @McpServerId"
        + $"{dialect.ForUpdate};\n";

    public string Prune { get; } =
        "WITH picked AS (SELECT id FROM runs WHERE finished_at IS NOT NULL AND finished_at < @Before "
        + $"AND status IN ('succeeded', 'failed', 'cancelled') ORDER BY finished_at LIMIT @Limit{dialect.ForUpdateSkipLocked}) "
        + "DELETE FROM runs WHERE id IN (SELECT id FROM picked) RETURNING 1;\n";

    public string Results { get; } =
        $"SELECT idx, result FROM run_steps WHERE run_id = @Id AND result IS NOT NULL AND {dialect.In("idx", "@Steps")};\n";

    /// <summary>The run, and as many of its steps.</summary>
    public string UpdateWith(int steps) => _updates.GetOrAdd(steps, count => _update + UpdateSteps(count));

    public string UpdateSteps(int count) => _journals.GetOrAdd(count, MakeUpdateSteps);

    public string InsertWith(int steps) => _inserts.GetOrAdd(steps, count => Insert + InsertSteps(count));

    public static string List(RunFilter filter)
    {
        var sql = new StringBuilder($"SELECT {Columns} FROM runs r WHERE user_id = @UserId ");
        if (filter.Status is not null)
            sql.Append("AND status = @Status ");
        if (filter.Before is not null)
            sql.Append("AND id < @Before ");
        if (filter.Server is not null)
            sql.Append("AND EXISTS (SELECT 1 FROM run_steps s WHERE s.run_id = r.id AND s.server = @Server) ");
        return sql.Append("ORDER BY id DESC LIMIT @Limit;").ToString();
    }

    public static string InsertSteps(int count)
    {
        if (count == 0)
            return "";
        var sql = new StringBuilder($"INSERT INTO run_steps ({StepColumns}) VALUES ");
        for (var n = 0; n < count; n++)
        {
            sql.Append(n == 0 ? "" : ", ")
                .Append($"(@Id, @Idx{n}, @StepId{n}, @Server{n}, @Tool{n}, @Arguments{n}, @TimeoutMs{n}, @OnUnknown{n}, ")
                .Append("'pending', 0, NULL, NULL, 0, NULL, NULL, NULL)");
        }

        return sql.Append(";\n").ToString();
    }

    private static string Update(Dialect dialect) =>
        "UPDATE runs SET status = @Status, position = @Position, next_server = @NextServer, awaiting_reason = @AwaitingReason, "
        + "awaited_server = @AwaitedServer, parked_cause = @ParkedCause, not_before = @NotBefore, blocked_since = @BlockedSince, blocked_reason = @BlockedReason, "
        + "cancel_requested = @CancelRequested, owner_name = @OwnerName, owner_incarnation = @OwnerIncarnation, fence = @Fence, "
        + $"updated_at = @UpdatedAt, finished_at = @FinishedAt, due_at = {DueAt(dialect, "@NotBefore", "@CreatedAt")}, ";

    /// <summary>A run is due by its not-before, or else by its age: neither postponed nor new runs hide each other.</summary>
    public static string DueAt(Dialect dialect, string notBefore, string createdAt) =>
        $"CASE WHEN {notBefore} IS NOT NULL THEN {notBefore} WHEN {createdAt} < {dialect.Now} THEN {createdAt} ELSE {dialect.Now} END";

    private static string MakeUpdateSteps(int count)
    {
        var sql = new StringBuilder();
        for (var n = 0; n < count; n++)
        {
            sql.Append($"UPDATE run_steps SET status = @StepStatus{n}, attempts = @Attempts{n}, ")
                .Append($"result = coalesce(@Result{n}, result), error_code = @ErrorCode{n}, ")
                .Append($"error_message = @ErrorMessage{n}, error_retryable = @ErrorRetryable{n}, ")
                .Append($"started_at = @StartedAt{n}, finished_at = @FinishedAt{n}, interruption = @Interruption{n} ")
                .Append($"WHERE run_id = @Id AND idx = @Idx{n};\n");
        }

        return sql.ToString();
    }
}
