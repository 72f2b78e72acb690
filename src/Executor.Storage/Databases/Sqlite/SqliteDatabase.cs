using Dapper;
using Executor.Storage.Admission;
using Executor.Storage.Migrations;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging;

namespace Executor.Storage.Databases.Sqlite;

/// <summary>One file (or none: in memory), one process, one writer.</summary>
internal sealed class SqliteDatabase(
    string? path, TimeProvider time, DatabaseMemory memory, DatabaseAdmission admission, ILogger<SqliteDatabase> logger) : Database
{
    private readonly Outage _outage = new("The database", TimeProvider.System, logger);
    private SqliteFileLock? _lock;
    private SqliteConnection? _connection;
    private SqliteWriter? _writer;
    private SqliteReaders? _readers;
    private volatile bool _isClosing;

    public override Dialect Dialect { get; } = new SqliteDialect();

    public override long? Now => time.UnixNow();

    /// <summary>How many commits there have been; fewer than transactions, since they share them.</summary>
    public long Commits => Writer.Commits;

    private SqliteWriter Writer => _writer ?? throw new StoreUnavailableException("The storage has not been started.");

    public override async Task StartAsync(CancellationToken cancellationToken)
    {
        if (_writer is not null)
            return;
        var file = path is null ? null : Resolve(path);
        if (file is not null)
            _lock = SqliteFileLock.Take(file);
        try
        {
            if (file is not null)
                SqliteFileLock.OpenPrivately(file, FileShare.ReadWrite).Dispose();
            _connection = Open(file);
            await SqliteMigrations.ApplyAsync(_connection, Dialect, admission.AdmitAsync, time);
        }
        catch (Exception fault) when (fault is SqliteException or IOException or UnauthorizedAccessException)
        {
            Close();
            throw SqliteStartFaults.Explain(fault, file ?? ":memory:");
        }
        catch
        {
            Close();
            throw;
        }

        var connection = _connection;
        _writer = new SqliteWriter(connection, time, () => ThrowIfMoved(connection));
        if (file is not null)
        {
            _readers = new SqliteReaders(
                () =>
                {
                    ThrowIfMoved(connection);
                    return Open(file, reads: true);
                },
                time);
        }
    }

    public override Task<T> ReadAsync<T>(
        string sql,
        SqlArguments arguments,
        Func<SqlMapper.GridReader, Task<T>> read,
        CancellationToken cancellationToken,
        bool snapshot = false)
    {
        // A database in memory is its connection: reads wait their turn among the writes.
        var writer = Writer;
        return WatchAsync(_readers is { } readers
            ? readers.ReadAsync(sql, arguments, read, cancellationToken)
            : writer.RunAsync(session => session.QueryAsync(sql, arguments, read), cancellationToken));
    }

    public override Task<T> WriteAsync<T>(Func<WriteSession, Task<T>> work, CancellationToken cancellationToken) =>
        WatchAsync(Writer.RunAsync(work, cancellationToken));

    public override async ValueTask DisposeAsync()
    {
        _isClosing = true;
        if (_writer is not null)
            await _writer.DisposeAsync();
        Close();
    }

    /// <summary>Before each write, and before each file is opened: what is committed to a file that is gone is gone with it.</summary>
    private void ThrowIfMoved(SqliteConnection connection)
    {
        if (path is null || !SqliteLibrary.HasMoved(connection))
            return;
        memory.Lose("the database file was moved, deleted or replaced while it was in use");
        throw new StoreUnavailableException("The database file is not the one that this node has opened.");
    }

    private async Task<T> WatchAsync<T>(Task<T> job)
    {
        try
        {
            var result = await job;
            _outage.Worked();
            return result;
        }
        catch (StoreUnavailableException fault)
        {
            if (!_isClosing)
                _outage.Failed(SqliteFaults.Cause(fault));
            throw;
        }
    }

    private static SqliteConnection Open(string? file, bool reads = false)
    {
        var connection = new SqliteConnection(new SqliteConnectionStringBuilder
        {
            DataSource = file ?? ":memory:",
            Pooling = false,
            DefaultTimeout = 5,
        }.ToString());
        try
        {
            connection.Open();
            connection.Execute("PRAGMA foreign_keys = ON; PRAGMA synchronous = FULL; PRAGMA temp_store = MEMORY;");
            if (reads)
                connection.Execute("PRAGMA query_only = ON;");
            else if (file is not null)
                SwitchToWal(connection);
            return connection;
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    private static void SwitchToWal(SqliteConnection connection)
    {
        // Checkpoints also flush: fewer, larger ones than by default.
        var mode = connection.ExecuteScalar<string>("PRAGMA journal_mode = WAL;");
        if (!string.Equals(mode, "wal", StringComparison.OrdinalIgnoreCase))
            throw new StorageStartException("The database file is on a file system that SQLite's WAL mode cannot use.");
        connection.Execute("PRAGMA wal_autocheckpoint = 4000; PRAGMA journal_size_limit = 67108864;");
    }

    /// <summary>Two links to one file are one file.</summary>
    private static string Resolve(string path)
    {
        var full = Path.GetFullPath(path);
        return File.Exists(full) ? File.ResolveLinkTarget(full, returnFinalTarget: true)?.FullName ?? full : full;
    }

    private void Close()
    {
        _readers?.Dispose();
        _connection?.Dispose();

        // Last: until here nobody else may open the file.
        _lock?.Dispose();
        (_readers, _connection, _lock) = (null, null, null);
    }
}
