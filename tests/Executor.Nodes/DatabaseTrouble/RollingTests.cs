using System.Net;

namespace Executor.Nodes.DatabaseTrouble;

/// <summary>Nodes of this version beside a schema that a newer one has migrated.</summary>
public sealed class RollingTests
{
    // As a newer node does it: under the lock that all versions share, and written down.
    private const string Additive = """
        BEGIN;
        SELECT pg_advisory_xact_lock(7310579432001455873);
        ALTER TABLE credentials ADD COLUMN label TEXT;
        ALTER TABLE runs ADD COLUMN priority INTEGER NOT NULL DEFAULT 0;
        ALTER TABLE run_steps ADD COLUMN note TEXT;
        ALTER TABLE node_incarnations ADD COLUMN zone TEXT;
        CREATE TABLE run_labels (run_id TEXT COLLATE "C" PRIMARY KEY REFERENCES runs (id) ON DELETE CASCADE, label TEXT NOT NULL);
        CREATE INDEX runs_by_priority ON runs (priority, id);
        INSERT INTO schema_migrations (version, name, applied_at) VALUES (900, '900_labels', 0);
        COMMIT;
        """;

    [PostgresFact]
    public async Task Nodes_work_and_start_on_a_schema_that_a_newer_version_has_added_to()
    {
        await using var cluster = await Cluster.StartApartAsync(2);
        await using var probes = new Probes(cluster);
        await using var load = await Load.StartAsync(cluster);

        var migrations = await cluster.ScalarAsync<long>("SELECT count(*) FROM schema_migrations");
        await cluster.ScalarAsync<object>(Additive);
        await load.GoesOnAsync();
        foreach (var old in cluster.Nodes.ToList())
        {
            load.Replace(old, await cluster.AddNodeAsync());
            probes.Leave(old);
            old.Process.Terminate();
            Assert.Equal(0, await old.Process.ExitCodeAsync());
        }

        await load.VerifyAsync();
        Assert.Equal(migrations + 1, await cluster.ScalarAsync<long>("SELECT count(*) FROM schema_migrations"));
    }

    [PostgresFact]
    public async Task Breaking_migration_makes_older_nodes_not_ready_and_keeps_others_from_starting()
    {
        await using var cluster = await Cluster.StartApartAsync(1);

        await cluster.ScalarAsync<object>(
            "INSERT INTO schema_migrations (version, name, applied_at) VALUES (900, '900_everything_differs.breaking', 0)");

        await Probes.AgreeAsync(HttpStatusCode.ServiceUnavailable, cluster.Nodes);
        var refused = await Assert.ThrowsAsync<InvalidOperationException>(() => cluster.AddNodeAsync());
        Assert.Contains("The database's schema has version 900, which", refused.Message, StringComparison.Ordinal);
    }
}
