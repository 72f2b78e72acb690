using System.Data.Common;
using Npgsql;

namespace Executor.Load;

/// <summary>A schema of its own on the shared server.</summary>
internal sealed class PostgresBench : BenchDatabase
{
    private readonly PrivatePostgres _server;
    private readonly string _schema = $"load_{Guid.NewGuid():N}";

    /// <summary>The server's first process, whose children are the sessions.</summary>
    private int _postmaster;

    private PostgresBench(PrivatePostgres server) => _server = server;

    public override string Name => "PostgreSQL";

    public override IReadOnlyList<(string Name, string Value)> Settings =>
    [
        ("DATABASE_HOST", "127.0.0.1"),
        ("DATABASE_PORT", $"{_server.Port}"),
        ("DATABASE_USER", "postgres"),
        ("DATABASE_NAME", "postgres"),
        ("DATABASE_SSL", "false"),
        ("DATABASE_SCHEMA", _schema),
    ];

    private string ConnectionString => $"{_server.ConnectionString()};Search Path={_schema},public;Max Auto Prepare=20;SSL Mode=Disable";

    public static async Task<PostgresBench> CreateAsync(PrivatePostgres server)
    {
        var database = new PostgresBench(server);
        await database.ExecuteAsync("CREATE EXTENSION IF NOT EXISTS pg_walinspect SCHEMA public");
        database._postmaster = ProcessFigures.ParentOf(await database.ScalarAsync<int>("SELECT pg_backend_pid()"));
        return database;
    }

    public override async Task<DbConnection> ConnectAsync()
    {
        var connection = new NpgsqlConnection(ConnectionString);
        await connection.OpenAsync();
        return connection;
    }

    /// <summary>
    /// Counted in the write-ahead log: transactions that wrote a row and a commit record. Those that only read, and those that only
    /// notify, which nobody waits for, are not among them.
    /// </summary>
    public override async Task<Func<Task<long>>> CountCommitsAsync()
    {
        var from = await FlushedAsync();
        return async () => await ScalarAsync<long>(
            "SELECT count(*) FROM (SELECT xid FROM pg_get_wal_records_info("
            + $"'{from}', '{await FlushedAsync()}') WHERE xid <> '0'::xid GROUP BY xid "
            + "HAVING bool_or(resource_manager = 'Heap') AND bool_or(resource_manager = 'Transaction' AND record_type = 'COMMIT')) AS committed");
    }

    public override async Task<IBareCommit> BareCommitAsync(int callers)
    {
        await ExecuteAsync("CREATE TABLE public.bare (id bigserial PRIMARY KEY, text text NOT NULL)");
        var connections = new List<NpgsqlConnection>();
        for (var caller = 0; caller < callers; caller++)
            connections.Add((NpgsqlConnection)await ConnectAsync());
        return new Bare(this, connections);
    }

    public override async Task<IReadOnlyList<string>> FinishedAsync(DbConnection connection, IReadOnlyCollection<string> runs)
    {
        await using var command = new NpgsqlCommand(
            "SELECT id FROM runs WHERE id = ANY(@ids) AND finished_at IS NOT NULL", (NpgsqlConnection)connection);
        command.Parameters.AddWithValue("ids", runs.ToArray());
        return await command.ReadTextsAsync();
    }

    public override TimeSpan Cpu() => ProcessFigures.CpuOfFamily(_postmaster);

    public override string RunIdOf(string n) =>
        $"overlay(overlay(overlay(overlay(lpad(to_hex({n}), 12, '0') || '7' || substr(md5(({n})::text), 1, 3) || '8' "
        + $"|| substr(md5(({n})::text), 5, 15) placing '-' from 9 for 0) placing '-' from 14 for 0) placing '-' from 19 for 0) placing '-' from 24 for 0)";

    public override string Series(int count) => $"(SELECT n FROM generate_series(1, {count}) AS n) AS series";

    public override async Task<IReadOnlyList<string>> ColumnsAsync(string table)
    {
        await using var connection = await ConnectAsync();
        await using var command = new NpgsqlCommand(
            "SELECT column_name::text FROM information_schema.columns WHERE table_schema = @schema AND table_name = @table ORDER BY ordinal_position",
            (NpgsqlConnection)connection);
        command.Parameters.AddWithValue("schema", _schema);
        command.Parameters.AddWithValue("table", table);
        return await command.ReadTextsAsync();
    }

    public override Task AnalyzeAsync() => ExecuteAsync("VACUUM ANALYZE");

    public override async ValueTask DisposeAsync()
    {
        await ExecuteAsync($"DROP SCHEMA IF EXISTS \"{_schema}\" CASCADE");
        NpgsqlConnection.ClearAllPools();
    }

    private async Task<string> FlushedAsync()
    {
        // A record of a commit that nobody waited for may not be there yet: this one is after it, and is waited for.
        await ScalarAsync<uint>("SELECT pg_current_xact_id()::xid");
        return await ScalarAsync<string>("SELECT pg_current_wal_flush_lsn()::text");
    }

    private sealed class Bare(PostgresBench database, List<NpgsqlConnection> connections) : IBareCommit
    {
        private readonly List<NpgsqlCommand> _commands =
            [.. connections.Select(connection => new NpgsqlCommand("INSERT INTO public.bare (text) VALUES ('a short row')", connection))];

        public async Task<bool> CommitAsync(int caller) => await _commands[caller].ExecuteNonQueryAsync() == 1;

        public async ValueTask DisposeAsync()
        {
            foreach (var command in _commands)
                await command.DisposeAsync();
            foreach (var connection in connections)
                await connection.DisposeAsync();
            await database.ExecuteAsync("DROP TABLE public.bare");
        }
    }
}

internal static class Reading
{
    public static async Task<IReadOnlyList<string>> ReadTextsAsync(this DbCommand command)
    {
        var texts = new List<string>();
        await using var reader = await command.ExecuteReaderAsync();
        while (await reader.ReadAsync())
            texts.Add(reader.GetString(0));
        return texts;
    }
}
