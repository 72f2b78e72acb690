using Npgsql;

namespace Executor.Nodes.Faults;

/// <summary>Rows that a session of the test's own holds, and who waits for them.</summary>
internal sealed class RowLocks : IAsyncDisposable
{
    // Whoever opens an intent holds its opener's gate, an advisory lock on the incarnation; whoever settles one holds none.
    private const string Waiting = """
        SELECT count(*) FROM pg_stat_activity a
        JOIN pg_locks r ON r.pid = a.pid AND r.locktype = 'relation' AND r.relation = 'credentials'::regclass
        LEFT JOIN pg_locks g ON g.pid = a.pid AND g.locktype = 'advisory' AND g.objsubid = 1
        LEFT JOIN node_incarnations n
          ON g.classid = (n.incarnation >> 32)::oid AND g.objid = (n.incarnation & 4294967295)::oid
        WHERE a.wait_event_type = 'Lock'
        """;

    private readonly NpgsqlConnection _holder;
    private readonly NpgsqlConnection _observer;

    private RowLocks(NpgsqlConnection holder, NpgsqlConnection observer)
    {
        _holder = holder;
        _observer = observer;
    }

    public static async Task<RowLocks> TakeAsync(Cluster cluster, IEnumerable<long> users)
    {
        var locks = new RowLocks(await cluster.ConnectAsync(), await cluster.ConnectAsync());
        await using var take = locks._holder.CreateCommand();
        take.CommandText = "BEGIN; SELECT 1 FROM credentials WHERE user_id = ANY (@users) FOR UPDATE";
        take.CommandTimeout = 60;
        take.Parameters.AddWithValue("users", users.ToArray());
        await take.ExecuteNonQueryAsync();
        return locks;
    }

    /// <summary>Returns when so many commits of the node's intents wait.</summary>
    public Task WaitForIntentsAsync(string node, int count) => WaitForAsync($"n.name = '{node}'", count);

    /// <summary>Returns when so many commits of results wait.</summary>
    public Task WaitForResultsAsync(int count) => WaitForAsync("g.pid IS NULL", count);

    /// <summary>The end of the session is the end of its transaction.</summary>
    public async ValueTask DisposeAsync()
    {
        await _holder.DisposeAsync();
        await _observer.DisposeAsync();
    }

    private Task WaitForAsync(string which, int count) => Eventually.TrueAsync(
        async () =>
        {
            await using var query = new NpgsqlCommand($"{Waiting} AND {which}", _observer);
            return (long)(await query.ExecuteScalarAsync())! >= count;
        },
        TimeSpan.FromSeconds(60));
}
