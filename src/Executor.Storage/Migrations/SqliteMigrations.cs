using Dapper;
using Executor.Storage.Admission;
using Executor.Storage.Databases;
using Microsoft.Data.Sqlite;

namespace Executor.Storage.Migrations;

internal static class SqliteMigrations
{
    /// <summary>The caller holds the file's lock.</summary>
    public static async Task ApplyAsync(SqliteConnection connection, Dialect dialect, Func<Opening, Task> admit, TimeProvider time)
    {
        await using var transaction = connection.BeginTransaction(deferred: false);
        connection.Execute(Migration.Table, transaction: transaction);
        var applied = connection.Query<(int, string)>(Migration.Applied, transaction: transaction).AsList();
        foreach (var migration in Migration.Missing(Migration.Sqlite, applied))
        {
            connection.Execute(migration.Sql, transaction: transaction);
            connection.Execute(
                Migration.Record, new { migration.Version, migration.Name, At = time.UnixNow() }, transaction);
        }

        // Whoever holds the file's lock is alone.
        await admit(new Opening(connection, transaction, dialect, Others: [], WasEmpty: applied.Count == 0, time.UnixNow()));
        await transaction.CommitAsync();
    }
}
