using Dapper;
using Npgsql;

namespace Executor.Storage.Databases.Postgres;

internal sealed class PostgresSession(NpgsqlConnection connection, long now, CancellationToken cancellationToken) : WriteSession
{
    /// <summary>From here on a broken connection leaves it open whether the transaction took place.</summary>
    public bool IsCommitSent { get; private set; }

    public override async Task<T> QueryAsync<T>(string sql, SqlArguments arguments, Func<SqlMapper.GridReader, Task<T>> read)
    {
        ThrowIfEnded();
        await using var grid = await connection.QueryMultipleAsync(Command(sql, arguments, cancellationToken));
        return await read(grid);
    }

    public override async Task<T> CommitAsync<T>(string sql, SqlArguments arguments, Func<SqlMapper.GridReader, Task<T>> read)
    {
        BeginCommit();
        T result;

        // The results before the COMMIT prove nothing: only a reader read to its end does.
        await using (var grid = await connection.QueryMultipleAsync(Command(sql + "COMMIT;", arguments, CancellationToken.None)))
            result = await read(grid);
        return result;
    }

    public override async Task CommitAsync(string sql, SqlArguments arguments)
    {
        BeginCommit();
        await connection.ExecuteAsync(Command(sql + "COMMIT;", arguments, CancellationToken.None));
    }

    public async Task CommitAsync()
    {
        BeginCommit();
        await connection.ExecuteAsync("COMMIT;");
    }

    public override async Task RollBackAsync()
    {
        IsEnded = true;
        await connection.ExecuteAsync("ROLLBACK;");
    }

    private void BeginCommit()
    {
        ThrowIfEnded();

        // A caller that has left may still be spared the commit; later only the server decides.
        cancellationToken.ThrowIfCancellationRequested();
        IsEnded = IsCommitSent = true;
    }

    private CommandDefinition Command(string sql, SqlArguments arguments, CancellationToken cancellation) =>
        new(sql, arguments.At(now), cancellationToken: cancellation);
}
