using Dapper;
using Executor.Nodes;
using Executor.Runs;
using Executor.Storage;
using Executor.Storage.Databases;
using Executor.Storage.Migrations;
using Executor.Tests.Infrastructure;
using Microsoft.Data.Sqlite;
using Npgsql;

namespace Executor.Tests.Storage;

public sealed class MigrationTests
{
    private static int Newest => Migration.Sqlite.Max(migration => migration.Version);

    [Fact]
    public void Both_databases_have_the_same_versions_in_order()
    {
        Assert.Equal(
            Migration.Sqlite.Select(migration => migration.Version), Migration.Postgres.Select(migration => migration.Version));
        Assert.Equal(
            Migration.Sqlite.Select(migration => migration.Version).Distinct().Order(), Migration.Sqlite.Select(migration => migration.Version));
    }

    [Fact]
    public async Task Sqlite_starts_again_on_a_newer_schema_and_reports_its_version()
    {
        await using var backend = new SqliteFileBackend();
        await using (var host = await backend.OpenAsync())
        {
            Assert.Equal(new DatabaseHealth(true, Newest, Newest), await host.Health.CheckAsync(CancellationToken.None));
            await AddVersionAsync(host.Database);
        }

        await using var again = await backend.OpenAsync();
        var health = await again.Health.CheckAsync(CancellationToken.None);
        Assert.Equal((999, true), (health.SchemaVersion, health.IsReady));
    }

    [Fact]
    public async Task Sqlite_steps_of_an_older_version_are_kept_without_times()
    {
        await using var backend = new SqliteFileBackend();
        var run = new RunId(Guid.NewGuid());
        await using (var old = new SqliteConnection($"Data Source={backend.Path};Pooling=False"))
        {
            await old.OpenAsync();
            await old.ExecuteAsync(Migration.Table + Migration.Sqlite[0].Sql);
            await old.ExecuteAsync(Migration.Record, new { Migration.Sqlite[0].Version, Migration.Sqlite[0].Name, At = 0 });
            await old.ExecuteAsync(
                "INSERT INTO runs (id, user_id, name, input, status, position, step_count, awaiting_reason, due_at, cancel_requested, fence, version, "
                + "created_at, updated_at) VALUES (@run, 7, 'n', '{}', 'pending', 0, 1, 'none', 0, 0, 0, 1, 0, 0); "
                + "INSERT INTO run_steps (run_id, idx, step_id, server, tool, arguments, on_unknown, status, attempts, error_retryable, result) "
                + "VALUES (@run, 0, 's', 'crm', 't', '{}', 'ask', 'executing', 3, 0, '{\"r\":1}');",
                new { run = run.ToString() });
        }

        await using (var host = await backend.OpenAsync())
        {
            var step = Assert.Single((await host.Runs.ReadAsync(run, default))!.Steps);
            Assert.Equal((StepStatus.Executing, 3, """{"r":1}"""), (step.Status, step.Attempts, step.Result));
            Assert.Equal((null, null, null), (step.StartedAt, step.FinishedAt, step.Interruption));
            await host.Runs.ChangeAsync(run, null, ledger => new RunDecision<bool>(true, ledger.Run), default);
        }

        // The older version again: its statements name their columns.
        await using var again = new SqliteConnection($"Data Source={backend.Path};Pooling=False");
        await again.OpenAsync();
        Assert.Equal(1, await again.ExecuteAsync("UPDATE run_steps SET status = 'succeeded', attempts = 4, result = '{}' WHERE run_id = @run AND idx = 0", new { run = run.ToString() }));
        Assert.Equal(1, await again.ExecuteAsync("DELETE FROM runs WHERE id = @run", new { run = run.ToString() }));
    }

    [PostgresFact]
    public async Task Postgres_five_at_once_on_an_empty_database_all_start_and_migrate_once()
    {
        await using var backend = await PostgresBackend.CreateAsync();
        var hosts = await Task.WhenAll(Enumerable.Range(0, 5).Select(_ => Task.Run(() => backend.OpenAsync())));
        Assert.Equal(Migration.Postgres.Count, await backend.ScalarAsync<long>("SELECT count(*) FROM schema_migrations"));
        foreach (var host in hosts)
        {
            Assert.True((await host.Health.CheckAsync(CancellationToken.None)).IsReady);
            await host.DisposeAsync();
        }
    }

    [PostgresFact]
    public async Task Postgres_newer_schema_is_ready_and_an_older_one_is_not()
    {
        await using var backend = await PostgresBackend.CreateAsync();
        await using var host = await backend.OpenAsync();
        await backend.ExecuteAsync("DELETE FROM schema_migrations");
        Assert.False((await host.Health.CheckAsync(CancellationToken.None)).IsReady);
        await AddVersionAsync(host.Database);
        Assert.True((await host.Health.CheckAsync(CancellationToken.None)).IsReady);
        await backend.ExecuteAsync("DROP TABLE schema_migrations");
        Assert.Equal(new DatabaseHealth(true, 0, Newest), await host.Health.CheckAsync(CancellationToken.None));
    }

    [PostgresFact]
    public async Task Postgres_role_that_may_not_create_schemas_uses_one_that_exists()
    {
        await using var backend = await PostgresBackend.CreateAsync();
        var role = $"r_{backend.Schema}";
        await backend.ExecuteAsync(
            $"CREATE ROLE {role} LOGIN; CREATE SCHEMA {backend.Schema}; GRANT USAGE, CREATE ON SCHEMA {backend.Schema} TO {role}");
        try
        {
            var server = await PrivatePostgres.GetAsync();
            var provider = new StorageProvider.Postgres(server.ConnectionString(role), backend.Schema);
            await using (var host = await StorageHost.StartAsync(new StorageOptions(provider)))
                Assert.True((await host.Health.CheckAsync(CancellationToken.None)).IsReady);

            // Where the schema is missing, it is told so.
            await Assert.ThrowsAsync<StorageStartException>(
                () => StorageHost.StartAsync(new StorageOptions(provider with { Schema = backend.Schema + "x" })));
        }
        finally
        {
            await backend.ExecuteAsync($"DROP OWNED BY {role} CASCADE; DROP ROLE {role}");
        }
    }

    [PostgresFact]
    public async Task Postgres_tables_are_in_the_schema_and_nowhere_else()
    {
        await using var backend = await PostgresBackend.CreateAsync();
        await using (await backend.OpenAsync())
        await using (await backend.OpenAsync())
        {
            Assert.Equal(0L, await backend.ScalarAsync<long>(
                "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'"));
            Assert.Equal(1L, await backend.ScalarAsync<long>(
                $"SELECT count(*) FROM pg_tables WHERE schemaname = '{backend.Schema}' AND tablename = 'credentials'"));
            Assert.Equal(Migration.Postgres.Count, await backend.ScalarAsync<long>("SELECT count(*) FROM schema_migrations"));
        }
    }

    [PostgresFact]
    public async Task Postgres_start_waits_for_another_migration_however_long_idle_and_leaves_no_lock()
    {
        await using var backend = await PostgresBackend.CreateAsync();
        var server = await PrivatePostgres.GetAsync();
        await using var holder = new NpgsqlConnection(server.ConnectionString() + ";Pooling=false");
        await holder.OpenAsync();
        await using var transaction = await holder.BeginTransactionAsync();
        await using (var command = new NpgsqlCommand($"SELECT pg_advisory_xact_lock({PostgresMigrations.Lock})", holder, transaction))
            await command.ExecuteNonQueryAsync();

        var starting = Task.Run(() => StorageHost.StartAsync(new StorageOptions(new StorageProvider.Postgres(
            server.ConnectionString() + ";Options=-c idle_in_transaction_session_timeout=200", backend.Schema))));
        await Eventually.TrueAsync(async () => await backend.ScalarAsync<long>(
            "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND objsubid = 1 AND NOT granted "
            + $"AND objid = ({PostgresMigrations.Lock}::bigint & 4294967295)::oid") >= 1);
        Assert.False(starting.IsCompleted);
        await transaction.CommitAsync();

        await using var host = await starting;
        Assert.Equal(0L, await backend.ScalarAsync<long>(
            $"SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND objsubid = 1 AND pid IN "
            + "(SELECT pid FROM pg_stat_activity WHERE state = 'idle')"));
    }

    [Fact]
    public async Task Sqlite_does_not_start_on_a_schema_that_is_too_new_for_it()
    {
        await using var backend = new SqliteFileBackend();
        await using (var host = await backend.OpenAsync())
            await AddVersionAsync(host.Database, "999_everything_differs.breaking");

        var refused = await Assert.ThrowsAsync<StorageStartException>(() => backend.OpenAsync());
        Assert.Equal(
            $"The database's schema has version 999, which a program that knows it up to version {Newest} cannot work with. Start a newer one.",
            refused.Message);
    }

    [PostgresFact]
    public async Task Postgres_schema_that_is_too_new_is_not_ready_and_nothing_starts_on_it()
    {
        await using var backend = await PostgresBackend.CreateAsync();
        await using var host = await backend.OpenAsync();
        await AddVersionAsync(host.Database, "999_everything_differs.breaking");

        var health = await host.Health.CheckAsync(CancellationToken.None);
        Assert.Equal((true, true, false), (health.Reachable, health.IsTooNew, health.IsReady));
        await Assert.ThrowsAsync<StorageStartException>(() => backend.OpenAsync());
    }

    [Theory]
    [InlineData("my-schema")]
    [InlineData("1a")]
    [InlineData("a.b")]
    [InlineData("")]
    [InlineData("a\n")]
    [InlineData("x\"; DROP SCHEMA public; --")]
    [InlineData("a234567890123456789012345678901234567890123456789012345678901234")]
    public async Task Postgres_schema_name_that_is_no_identifier_is_refused_before_anything_is_sent(string schema) =>
        await Assert.ThrowsAsync<StorageStartException>(
            () => StorageHost.StartAsync(new StorageOptions(new StorageProvider.Postgres("Host=/nowhere", schema))));

    private static Task AddVersionAsync(Database database, string name = "999_from_the_future") => database.WriteAsync(
        "INSERT INTO schema_migrations (version, name, applied_at) VALUES (999, @Name, 0);", new SqlArguments().With("Name", name), default);
}
