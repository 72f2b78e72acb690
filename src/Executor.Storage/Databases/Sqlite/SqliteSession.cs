using System.Data.Common;
using Dapper;

namespace Executor.Storage.Databases.Sqlite;

/// <summary>
/// One savepoint of the writer's transaction. SQLite answers on the calling thread, so every task here is complete when it is
/// returned; the commit is the writer's.
/// </summary>
internal sealed class SqliteSession(DbConnection connection, TimeProvider time) : WriteSession
{
    public bool IsRolledBack { get; private set; }

    public override async Task<T> QueryAsync<T>(string sql, SqlArguments arguments, Func<SqlMapper.GridReader, Task<T>> read)
    {
        ThrowIfEnded();
        return await QueryAsync(connection, sql, arguments, time, read);
    }

    public override async Task<T> CommitAsync<T>(string sql, SqlArguments arguments, Func<SqlMapper.GridReader, Task<T>> read)
    {
        var result = await QueryAsync(sql, arguments, read);
        IsEnded = true;
        return result;
    }

    public override async Task CommitAsync(string sql, SqlArguments arguments)
    {
        ThrowIfEnded();
        await connection.ExecuteAsync(sql, arguments.At(time.UnixNow()));
        IsEnded = true;
    }

    public override Task RollBackAsync()
    {
        IsEnded = IsRolledBack = true;
        return Task.CompletedTask;
    }

    public static async Task<T> QueryAsync<T>(
        DbConnection connection, string sql, SqlArguments arguments, TimeProvider time, Func<SqlMapper.GridReader, Task<T>> read)
    {
        await using var grid = await connection.QueryMultipleAsync(sql, arguments.At(time.UnixNow()));
        return await read(grid);
    }
}
