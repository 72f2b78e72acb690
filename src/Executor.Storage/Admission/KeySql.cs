using Executor.Security;
using Executor.Storage.Databases;

namespace Executor.Storage.Admission;

/// <summary>
/// Which keys rows are sealed with. The bytes themselves are asked, in one pass over the table: that is rare (the table of keys is new,
/// a key has been dropped or lost), and an index would cost each refresh.
/// </summary>
internal sealed class KeySql(Dialect dialect)
{
    private readonly string _isSealedByOthers = string.Join(" OR ", _columns.Select(column =>
        $"({IsSealed(dialect, column)} AND {dialect.Hex(column, EnvelopeLayout.KeyIdAt, EnvelopeLayout.KeyIdLength)} <> @KeyId)"));

    public const string Known = "SELECT key_id, check_value FROM encryption_keys ORDER BY key_id;";

    public const string Enter =
        "INSERT INTO encryption_keys (key_id, check_value, added_at) VALUES (@KeyId, @CheckValue, @Now);";

    public const string Leave = "DELETE FROM encryption_keys WHERE key_id = @KeyId;";

    private static readonly string[] _columns = ["refresh_token", "kept_refresh_token", "access_token", "client_secret"];

    /// <summary>What is of no use any more is not counted: an absent row holds nothing, and the token of a refused one is not redeemed again.</summary>
    public string Sealed { get; } =
        "SELECT key_id, count(*) AS credentials FROM ("
        + string.Join(" UNION ", _columns.Select(column =>
            $"SELECT user_id, mcp_server_id, {dialect.Hex(column, EnvelopeLayout.KeyIdAt, EnvelopeLayout.KeyIdLength)} AS key_id "
            + $"FROM credentials WHERE {IsSealed(dialect, column)} AND state NOT IN ('absent', 'needs-reauth')"))
        + ") AS seals GROUP BY key_id ORDER BY key_id;";

    /// <summary>Gives up what <c>@KeyId</c> has sealed: its users have to reconnect.</summary>
    public string GiveUp { get; } =
        $"UPDATE credentials SET {Blanks("key-lost")} WHERE state NOT IN ('absent', 'needs-reauth') AND ("
        + string.Join(" OR ", _columns.Select(column =>
            $"({IsSealed(dialect, column)} AND {dialect.Hex(column, EnvelopeLayout.KeyIdAt, EnvelopeLayout.KeyIdLength)} = @KeyId)"))
        + ");";

    /// <summary>Rows of which something that may still be used is sealed with another key than <c>@KeyId</c>, in key order.</summary>
    public string SealedByOthers(bool after) =>
        $"SELECT * FROM credentials WHERE state NOT IN ('absent', 'needs-reauth') AND ({_isSealedByOthers}) "
        + (after ? "AND (user_id, mcp_server_id) > (@UserId, @McpServerId) " : "")
        + "ORDER BY user_id, mcp_server_id LIMIT @Limit;";

    /// <summary>The columns of a credential whose secrets nobody is to use any more.</summary>
    public static string Blanks(string reason) =>
        $"state = 'needs-reauth', reason = '{reason}', refresh_token = NULL, kept_refresh_token = NULL, try_kept = 0, access_token = NULL, "
        + "access_token_expires_at = NULL, refresh_at = NULL, client_secret = NULL, lineage = NULL, retry_at = NULL, failures = 0, "
        + "minted_at = NULL, confirming_since = NULL, refused_since = NULL, refused_until = NULL, prober = NULL, probe_deadline = NULL, "
        + "probe_has_redeemed = 0, waits_for = NULL, "
        + "version = version + 1";

    private static string IsSealed(Dialect dialect, string column) =>
        $"{column} IS NOT NULL AND {dialect.Hex(column, EnvelopeLayout.VersionAt, 1)} = '{EnvelopeLayout.VersionHex}'";
}
