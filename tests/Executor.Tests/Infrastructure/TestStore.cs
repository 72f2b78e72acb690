using Executor.Credentials;
using Executor.Nodes;
using Executor.Storage;
using Executor.Storage.Admission;
using Executor.Storage.Changes;
using Executor.Storage.Credentials;
using Executor.Storage.Databases;
using Executor.Storage.Databases.Sqlite;
using Executor.Testing.Secrets;
using Microsoft.Extensions.Logging.Abstractions;

namespace Executor.Tests.Infrastructure;

/// <summary>The real SQLite store, in memory, that several nodes of one test share.</summary>
internal sealed class TestStore : IAsyncDisposable
{
    private readonly SqliteDatabase _database;
    private readonly LocalChanges _changes = new(NullLogger<LocalChanges>.Instance);

    private TestStore(SqliteDatabase database)
    {
        _database = database;
        Credentials = new CredentialStore(database, _changes, new CredentialNews(NullLogger<CredentialNews>.Instance));
    }

    public ICredentialStore Credentials { get; }

    public IChangeFeed Changes => _changes;

    public static async Task<TestStore> InMemoryAsync(TimeProvider time)
    {
        var database = SqliteDatabaseOf(time);
        await database.StartAsync(default);
        return new TestStore(database);
    }

    /// <summary>Writes a node down; a SQLite registry would take every other one for gone.</summary>
    public Task EnterAsync(NodeRef node) => _database.WriteAsync(
        "INSERT INTO node_incarnations (incarnation, name, gone, entered_at) VALUES (@Incarnation, @Name, 0, 0);",
        ArgumentsOf(node),
        default);

    public Task MarkGoneAsync(NodeRef node) => _database.WriteAsync(
        "UPDATE node_incarnations SET gone = 1 WHERE incarnation = @Incarnation;", ArgumentsOf(node), default);

    public async ValueTask DisposeAsync()
    {
        SecretWatch.OfThisRun.See("database", await _database.DumpAsync());
        await _changes.DisposeAsync();
        await _database.DisposeAsync();
    }

    private static SqliteDatabase SqliteDatabaseOf(TimeProvider time)
    {
        var memory = new DatabaseMemory();
        var options = new StorageOptions(new StorageProvider.SqliteInMemory());
        var admission = new DatabaseAdmission(options, memory, NullLogger<DatabaseAdmission>.Instance);
        return new SqliteDatabase(path: null, time, memory, admission, NullLogger<SqliteDatabase>.Instance);
    }

    private static SqlArguments ArgumentsOf(NodeRef node) =>
        new SqlArguments().With("Incarnation", node.Incarnation).With("Name", node.Name);
}
