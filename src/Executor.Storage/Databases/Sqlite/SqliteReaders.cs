using System.Collections.Concurrent;
using Dapper;
using Microsoft.Data.Sqlite;

namespace Executor.Storage.Databases.Sqlite;

/// <summary>A few connections that read beside the writer: in WAL mode neither waits for the other.</summary>
internal sealed class SqliteReaders(Func<SqliteConnection> open, TimeProvider time) : IDisposable
{
    private const int Count = 4;

    private readonly SemaphoreSlim _free = new(Count);
    private readonly ConcurrentBag<PreparedConnection> _connections = [];

    public async Task<T> ReadAsync<T>(
        string sql, SqlArguments arguments, Func<SqlMapper.GridReader, Task<T>> read, CancellationToken cancellationToken)
    {
        await _free.WaitAsync(cancellationToken);
        try
        {
            var connection = _connections.TryTake(out var idle) ? idle : new PreparedConnection(open());
            try
            {
                // A read transaction sees one snapshot, however many statements it runs.
                connection.Execute("BEGIN;");
                var result = await SqliteSession.QueryAsync(connection, sql, arguments, time, read);
                connection.Execute("COMMIT;");
                _connections.Add(connection);
                return result;
            }
            catch
            {
                // In an unknown state; the next reader opens a new one.
                connection.Dispose();
                throw;
            }
        }
        catch (SqliteException fault) when (SqliteFaults.IsUnavailable(fault))
        {
            throw SqliteFaults.Unavailable(fault);
        }
        finally
        {
            _free.Release();
        }
    }

    public void Dispose()
    {
        while (_connections.TryTake(out var connection))
            connection.Dispose();
        _free.Dispose();
    }
}
