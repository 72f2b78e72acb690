using Npgsql;

namespace Executor.Nodes.Runs;

/// <summary>Every change of a run's status from now on, written down by the database itself: snapshots of a run merge what is quick.</summary>
internal sealed class StatusChanges
{
    private const string Trigger = """
        CREATE TABLE status_changes (run TEXT NOT NULL, was TEXT NOT NULL, became TEXT NOT NULL, owner TEXT);
        CREATE FUNCTION note_status() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
          INSERT INTO status_changes VALUES (NEW.id, OLD.status, NEW.status, NEW.owner_name);
          RETURN NULL;
        END $$;
        CREATE TRIGGER note_status AFTER UPDATE ON runs FOR EACH ROW
          WHEN (OLD.status IS DISTINCT FROM NEW.status) EXECUTE FUNCTION note_status();
        """;

    private readonly Cluster _cluster;

    private StatusChanges(Cluster cluster) => _cluster = cluster;

    public static async Task<StatusChanges> WatchAsync(Cluster cluster)
    {
        await cluster.ScalarAsync<object>(Trigger);
        return new StatusChanges(cluster);
    }

    /// <summary>How often each run went from one status to the other.</summary>
    public async Task<Dictionary<string, long>> CountAsync(string was, string became)
    {
        await using var connection = await _cluster.ConnectAsync();
        await using var command = new NpgsqlCommand(
            "SELECT run, count(*) FROM status_changes WHERE was = $1 AND became = $2 GROUP BY run", connection);
        command.Parameters.AddWithValue(was);
        command.Parameters.AddWithValue(became);
        await using var reader = await command.ExecuteReaderAsync();
        var counts = new Dictionary<string, long>(StringComparer.Ordinal);
        while (await reader.ReadAsync())
            counts.Add(reader.GetString(0), reader.GetInt64(1));
        return counts;
    }

    /// <summary>How many nodes took runs from the queue.</summary>
    public Task<long> ClaimersAsync() =>
        _cluster.ScalarAsync<long>("SELECT count(DISTINCT owner) FROM status_changes WHERE became = 'running'");
}
