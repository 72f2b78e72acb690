using Executor.Storage;
using Npgsql;

namespace Executor.Tests.Infrastructure;

/// <summary>An empty database to test on. Several hosts may be opened on one, where the database allows it.</summary>
public abstract class StorageBackend : IAsyncDisposable
{
    public abstract StorageProvider Provider { get; }

    public async ValueTask DisposeAsync()
    {
        await RemoveAsync();
        GC.SuppressFinalize(this);
    }

    internal virtual Task<StorageHost> OpenAsync(TimeProvider? clock = null) =>
        StorageHost.StartAsync(new StorageOptions(Provider) { Clock = clock });

    protected virtual Task RemoveAsync() => Task.CompletedTask;
}

internal sealed class SqliteFileBackend : StorageBackend
{
    private readonly string _directory = Directory.CreateTempSubdirectory("executor-sqlite-").FullName;

    public string Path => System.IO.Path.Combine(_directory, "executor.db");

    public override StorageProvider Provider => new StorageProvider.Sqlite(Path);

    protected override Task RemoveAsync()
    {
        Directory.Delete(_directory, recursive: true);
        return Task.CompletedTask;
    }
}

internal sealed class SqliteMemoryBackend : StorageBackend
{
    public override StorageProvider Provider => new StorageProvider.SqliteInMemory();
}

/// <summary>A schema of its own on the private server.</summary>
internal sealed class PostgresBackend : StorageBackend
{
    private readonly string _connectionString;

    private PostgresBackend(string connectionString) => _connectionString = connectionString;

    public string Schema { get; } = $"test_{Guid.NewGuid():N}";

    public override StorageProvider Provider => new StorageProvider.Postgres($"{_connectionString};Maximum Pool Size=30;Application Name={Schema}", Schema);

    public static async Task<PostgresBackend> CreateAsync() => new((await PrivatePostgres.GetAsync()).ConnectionString());

    protected override Task RemoveAsync() => ExecuteAsync($"DROP SCHEMA IF EXISTS \"{Schema}\" CASCADE");

    public async Task ExecuteAsync(string sql)
    {
        await using var connection = await ConnectAsync();
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync();
    }

    public async Task<T?> ScalarAsync<T>(string sql)
    {
        await using var connection = await ConnectAsync();
        await using var command = new NpgsqlCommand(sql, connection);
        return (T?)await command.ExecuteScalarAsync();
    }

    private async Task<NpgsqlConnection> ConnectAsync()
    {
        var connection = new NpgsqlConnection($"{_connectionString};Pooling=false;Search Path=\"{Schema}\"");
        await connection.OpenAsync();
        return connection;
    }
}
