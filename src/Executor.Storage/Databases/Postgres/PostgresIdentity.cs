using Dapper;
using Npgsql;

namespace Executor.Storage.Databases.Postgres;

/// <summary>
/// Looks at each new connection before anything is done on it. Another database may be at the other end by now: a restored backup, a
/// standby that was promoted without the last commits, another server behind the name. It has to be the database that this node knows.
/// </summary>
internal static class PostgresIdentity
{
    private const string Query =
        "SELECT pg_is_in_recovery() AS is_standby, (SELECT id FROM database_identity) AS id, (SELECT entries FROM database_identity) AS entries, "
        + "coalesce(pg_sequence_last_value('generations'::regclass), 0) AS generation, "
        + "(SELECT counter FROM node_heartbeats WHERE incarnation = @Incarnation) AS heartbeat;";

    public static async Task CheckAsync(NpgsqlConnection connection, DatabaseMemory memory)
    {
        // Remembered before it is asked: what is committed meanwhile must not count against the answer.
        if (memory.Current is not { } seen)
            return;
        if (memory.Lost.IsCompleted)
            throw Refused();

        // A standby replays what its primary has committed, and is behind in the middle of a failover that goes well. It is waited for:
        // promoted, it has all that it ever will.
        var found = await FindAsync(connection, seen);
        if (found.IsStandby)
            throw new StoreUnavailableException("The database is a standby.");
        if (seen.Contradiction(found) is { } reason)
        {
            memory.Lose($"it is not the database that this node has worked with: {reason}");
            throw Refused();
        }
    }

    private static async Task<DatabaseMemory.Found> FindAsync(NpgsqlConnection connection, DatabaseMemory.Seen seen)
    {
        try
        {
            return await connection.QuerySingleAsync<DatabaseMemory.Found>(Query, new { Incarnation = seen.Incarnation ?? 0 });
        }
        catch (PostgresException missing) when (missing.SqlState is PostgresErrorCodes.UndefinedTable or PostgresErrorCodes.InvalidSchemaName)
        {
            return new DatabaseMemory.Found { IsStandby = await connection.ExecuteScalarAsync<bool>("SELECT pg_is_in_recovery();") };
        }
    }

    private static StoreUnavailableException Refused() => new("The database is not the one that this node has worked with.");
}
