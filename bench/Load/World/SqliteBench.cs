using System.Buffers.Binary;
using System.Data.Common;
using System.Text.Json;
using Executor.Storage.Databases.Sqlite;
using Microsoft.Data.Sqlite;

namespace Executor.Load;

/// <summary>A file in the world's directory.</summary>
internal sealed class SqliteBench : BenchDatabase
{
    /// <summary>Of <c>iChange</c> in the header of SQLite's WAL index, which each commit raises by one (wal.c).</summary>
    private const int ChangeOffset = 8;

    private readonly string _path;

    public SqliteBench(string directory)
    {
        _path = Path.Combine(directory, "executor.db");
    }

    public override string Name => "SQLite";

    public override IReadOnlyList<(string Name, string Value)> Settings => [("EXECUTOR_DATABASE_PATH", _path)];

    public override async Task<DbConnection> ConnectAsync() => await OpenAsync(_path);

    /// <summary>Transactions that wait together share one commit: there may be fewer than there are operations.</summary>
    public override Task<Func<Task<long>>> CountCommitsAsync()
    {
        var from = Changes();
        return Task.FromResult<Func<Task<long>>>(() => Task.FromResult((long)(Changes() - from)));
    }

    public override async Task<IBareCommit> BareCommitAsync(int callers) => await Bare.CreateAsync(_path + ".bare");

    public override async Task<IReadOnlyList<string>> FinishedAsync(DbConnection connection, IReadOnlyCollection<string> runs)
    {
        await using var command = ((SqliteConnection)connection).CreateCommand();
        command.CommandText = "SELECT id FROM runs WHERE id IN (SELECT value FROM json_each(@ids)) AND finished_at IS NOT NULL";
        command.Parameters.AddWithValue("@ids", JsonSerializer.Serialize(runs));
        return await command.ReadTextsAsync();
    }

    public override TimeSpan Cpu() => TimeSpan.Zero;

    public override string RunIdOf(string n) => $"printf('%08x-%04x-7%03x-8%03x-%012x', ({n}) / 65536, ({n}) % 65536, abs(random()) % 4096, "
        + "abs(random()) % 4096, abs(random()) % 281474976710656)";

    public override string Series(int count) =>
        $"(WITH RECURSIVE counted (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM counted WHERE n < {count}) SELECT n FROM counted) AS series";

    public override async Task<IReadOnlyList<string>> ColumnsAsync(string table)
    {
        await using var connection = await ConnectAsync();
        await using var command = connection.CreateCommand();
        command.CommandText = $"SELECT name FROM pragma_table_info('{table}') ORDER BY cid";
        return await command.ReadTextsAsync();
    }

    public override Task AnalyzeAsync() => ExecuteAsync("PRAGMA wal_checkpoint(TRUNCATE)");

    /// <summary>Its directory is the world's.</summary>
    public override ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private static async Task<SqliteConnection> OpenAsync(string path)
    {
        var connection = new SqliteConnection($"Data Source={path};Pooling=False;Default Timeout=30");
        await connection.OpenAsync();
        return connection;
    }

    private uint Changes()
    {
        Span<byte> header = stackalloc byte[ChangeOffset + sizeof(uint)];
        using var index = new FileStream(_path + "-shm", FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        index.ReadExactly(header);
        var change = header[ChangeOffset..];
        return BitConverter.IsLittleEndian ? BinaryPrimitives.ReadUInt32LittleEndian(change) : BinaryPrimitives.ReadUInt32BigEndian(change);
    }

    /// <summary>One connection, which callers wait for: SQLite has one writer.</summary>
    private sealed class Bare(SqliteConnection connection, SqliteCommand insert) : IBareCommit
    {
        private readonly SemaphoreSlim _turn = new(1);

        public static async Task<Bare> CreateAsync(string path)
        {
            var connection = await OpenAsync(path);
            var command = connection.CreateCommand();
            command.CommandText =
                "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; CREATE TABLE bare (id INTEGER PRIMARY KEY, text TEXT NOT NULL) STRICT;";
            await command.ExecuteNonQueryAsync();
            command.CommandText = "INSERT INTO bare (text) VALUES ('a short row')";
            return new Bare(connection, command);
        }

        public async Task<bool> CommitAsync(int caller)
        {
            await _turn.WaitAsync();
            try
            {
                return await insert.ExecuteNonQueryAsync() == 1;
            }
            finally
            {
                _turn.Release();
            }
        }

        public async ValueTask DisposeAsync()
        {
            _turn.Dispose();
            await insert.DisposeAsync();
            await connection.DisposeAsync();
        }
    }
}
