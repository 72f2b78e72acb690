using System.Text;
using Executor.Credentials;
using Executor.Storage.Databases;
using Executor.Storage.Runs;

namespace Executor.Storage.Credentials;

/// <summary>The statements about credentials, for one dialect.</summary>
internal sealed class CredentialSql(Dialect dialect)
{
    private const string Columns =
        "user_id, mcp_server_id, generation, state, reason, refresh_token, kept_refresh_token, try_kept, access_token, "
        + "access_token_expires_at, refresh_at, token_endpoint, client_id, client_secret, client_secret_expires_at, auth_method, "
        + "scopes, lineage, intent_id, minted_by, retry_at, failures, waits_for, repeated_mark, repeated_generation, "
        + "repeated_count, repeated_since, minted_at, confirming_since, confirming_generation, refusal_redemptions, refusal_pauses, refusal_counted_at, "
        + "refused_since, refused_until, prober, probe_deadline, probe_has_redeemed, refusal_episode, version";

    private const string OfKey = "user_id = @UserId AND mcp_server_id = @McpServerId";

    private readonly string _wake =
        "UPDATE runs SET status = 'pending', awaiting_reason = 'none', awaited_server = NULL, parked_cause = 'none', not_before = NULL, "
        + $"due_at = CASE WHEN created_at < {dialect.Now} THEN created_at ELSE {dialect.Now} END, "
        + $"updated_at = {dialect.Now}, version = version + 1 "
        + "WHERE status = 'awaiting-input' AND awaiting_reason = 'needs-oauth-reauth' "
        + "AND user_id = @UserId AND awaited_server = @McpServerId ";

    /// <summary>Gives an unknown key its absent row, so that there is something to lock.</summary>
    public const string Create =
        "INSERT INTO credentials (user_id, mcp_server_id, generation, state, reason, try_kept, failures, version) "
        + "VALUES (@UserId, @McpServerId, 0, 'absent', 'none', 0, 0, 0) ON CONFLICT DO NOTHING;\n";

    public string RemoveBlank { get; } = $"DELETE FROM credentials WHERE {OfKey} AND generation = 0 AND state = 'absent';\n";

    public string Read { get; } = $"SELECT {Columns}, {dialect.Now} AS now FROM credentials WHERE {OfKey};";

    public string Lock { get; } = $"SELECT {Columns} FROM credentials WHERE {OfKey}{dialect.ForUpdate};\n";

    /// <summary>An incarnation without a row has been written down as gone and forgotten.</summary>
    public string Intents { get; } =
        "SELECT i.id, i.generation, i.ordinal, i.owner_name, i.owner_incarnation, i.started_at, i.deadline, i.uses_kept, "
        + "i.settlement, i.recorded_failure, coalesce(n.gone, 1) AS owner_gone "
        + "FROM refresh_intents i LEFT JOIN node_incarnations n ON n.incarnation = i.owner_incarnation "
        + $"WHERE {OfKey} AND generation = (SELECT generation FROM credentials WHERE {OfKey}) ORDER BY ordinal;\n";

    /// <summary>A statement of its own: the clock is read after the locks were taken.</summary>
    public string Circumstances(bool counts) =>
        $"SELECT {dialect.Now} AS now, "
        + "coalesce((SELECT gone FROM node_incarnations WHERE incarnation = @Opener), 1) AS opener_gone, "
        + (counts ? "(SELECT count(*) FROM credentials WHERE user_id = @UserId AND state <> 'absent')" : "0")
        + " AS live_of_user;\n";

    /// <summary>
    /// A row that is not at the expected version gets none, which its column refuses: the whole transaction fails, although its
    /// commit is already on the way.
    /// </summary>
    public string Update { get; } =
        "UPDATE credentials SET generation = @Generation, state = @State, reason = @Reason, refresh_token = @RefreshToken, "
        + "kept_refresh_token = @KeptRefreshToken, try_kept = @TryKept, access_token = @AccessToken, "
        + "access_token_expires_at = @AccessTokenExpiresAt, refresh_at = @RefreshAt, token_endpoint = @TokenEndpoint, "
        + "client_id = @ClientId, client_secret = @ClientSecret, client_secret_expires_at = @ClientSecretExpiresAt, "
        + "auth_method = @AuthMethod, scopes = @Scopes, lineage = @Lineage, intent_id = @IntentId, minted_by = @MintedBy, "
        + "retry_at = @RetryAt, failures = @Failures, waits_for = @WaitsFor, repeated_mark = @RepeatedMark, "
        + "repeated_generation = @RepeatedGeneration, repeated_count = @RepeatedCount, repeated_since = @RepeatedSince, "
        + "minted_at = @MintedAt, confirming_since = @ConfirmingSince, confirming_generation = @ConfirmingGeneration, "
        + "refusal_redemptions = @RefusalRedemptions, refusal_pauses = @RefusalPauses, refusal_counted_at = @RefusalCountedAt, "
        + "refused_since = @RefusedSince, refused_until = @RefusedUntil, prober = @Prober, probe_deadline = @ProbeDeadline, "
        + "probe_has_redeemed = @ProbeHasRedeemed, refusal_episode = @RefusalEpisode, "
        + "version = CASE WHEN version = @Expected THEN @Expected + 1 END "
        + $"WHERE {OfKey};\n";

    public string CloseOtherGenerations { get; } = $"DELETE FROM refresh_intents WHERE {OfKey} AND generation <> @Generation;\n";

    /// <summary>
    /// In the transaction that removes what runs wait for: exactly once, and never without it. What an older version has parked says
    /// no cause, and wakes with any.
    /// </summary>
    public string Wake(ParkCause causes)
    {
        var words = Enum.GetValues<ParkCause>()
            .Where(cause => causes.HasFlag(cause))
            .Select(cause => $"'{RunWords.Cause.Of(cause)}'");
        return _wake + $"AND parked_cause IN ({string.Join(", ", words)}) RETURNING id;\n";
    }

    /// <summary>The one run that is to try a refused token.</summary>
    public string WakeProber => _wake + "AND parked_cause = 'token-refused' AND id = @Woken RETURNING id;\n";

    /// <summary>Runs that back off because the credential was busy have nothing left to wait for.</summary>
    public string Hasten { get; } =
        $"UPDATE runs SET not_before = NULL, due_at = CASE WHEN created_at < {dialect.Now} THEN created_at ELSE {dialect.Now} END, "
        + $"updated_at = {dialect.Now}, version = version + 1 "
        + "WHERE status = 'pending' AND blocked_since IS NOT NULL AND not_before IS NOT NULL "
        + "AND user_id = @UserId AND next_server = @McpServerId RETURNING id;\n";

    public string FindProbes { get; } =
        "SELECT c.user_id, c.mcp_server_id, (SELECT min(r.id) FROM runs r WHERE r.status = 'awaiting-input' "
        + "AND r.awaiting_reason = 'needs-oauth-reauth' AND r.user_id = c.user_id AND r.awaited_server = c.mcp_server_id "
        + "AND r.parked_cause = 'token-refused') AS run "
        + "FROM credentials c WHERE c.refused_since IS NOT NULL AND c.state IN ('ready', 'refreshing', 'unresolved', 'operator-error') "
        + $"AND c.refused_until <= {dialect.Now} AND (c.probe_deadline IS NULL OR c.probe_deadline <= {dialect.Now}) "
        + "AND EXISTS (SELECT 1 FROM runs r WHERE r.status = 'awaiting-input' AND r.awaiting_reason = 'needs-oauth-reauth' "
        + "AND r.user_id = c.user_id AND r.awaited_server = c.mcp_server_id AND r.parked_cause = 'token-refused') "
        + "ORDER BY c.refused_until LIMIT @Limit;";

    public string FindUnresolved(bool after) =>
        "SELECT user_id, mcp_server_id FROM credentials WHERE state IN ('refreshing', 'unresolved', 'operator-error') "
        + $"AND (state = 'refreshing' OR (state = 'unresolved' AND retry_at IS NULL) OR retry_at <= {dialect.Now}) "
        + (after ? "AND (user_id, mcp_server_id) > (@UserId, @McpServerId) " : "")
        + "ORDER BY user_id, mcp_server_id LIMIT @Limit;";

    /// <summary>The reading half of a change, in one round trip.</summary>
    public string Ledger(bool gate, bool creates, bool draws, bool counts) =>
        (gate ? dialect.EnterOpenerGate + "\n" : "")
        + (creates ? Create : "")
        + Lock + Intents
        + (draws ? dialect.DrawGeneration + "\n" : "")
        + Circumstances(counts);

    public static string ForgetIntents(SqlArguments arguments, IReadOnlyList<IntentId> intents)
    {
        var sql = new StringBuilder();
        for (var n = 0; n < intents.Count; n++)
        {
            arguments.With($"Forgotten{n}", intents[n].Value.ToString("D"));
            sql.Append($"DELETE FROM refresh_intents WHERE id = @Forgotten{n};\n");
        }

        return sql.ToString();
    }

    public static string UpsertIntents(int count)
    {
        var sql = new StringBuilder();
        for (var n = 0; n < count; n++)
        {
            sql.Append("INSERT INTO refresh_intents (id, user_id, mcp_server_id, generation, ordinal, owner_name, owner_incarnation, ")
                .Append("started_at, deadline, uses_kept, settlement, recorded_failure) VALUES (")
                .Append($"@Id{n}, @UserId, @McpServerId, @Generation, @Ordinal{n}, @OwnerName{n}, @OwnerIncarnation{n}, ")
                .Append($"@StartedAt{n}, @Deadline{n}, @UsesKept{n}, @Settlement{n}, @RecordedFailure{n}) ")
                .Append("ON CONFLICT (id) DO UPDATE SET deadline = excluded.deadline, uses_kept = excluded.uses_kept, ")
                .Append("settlement = excluded.settlement, recorded_failure = excluded.recorded_failure;\n");
        }

        return sql.ToString();
    }
}
