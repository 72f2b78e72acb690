using Dapper;
using Executor.Storage.Databases;
using Microsoft.Data.Sqlite;

namespace Executor.Storage.Migrations;

internal static class SqliteMigrations
{
    /// <summary>The caller holds the file's lock.</summary>
    public static void Apply(SqliteConnection connection, TimeProvider time)
    {
        using var transaction = connection.BeginTransaction(deferred: false);
        connection.Execute(Migration.Table, transaction: transaction);
        var applied = connection.Query<(int, string)>(Migration.Applied, transaction: transaction);
        foreach (var migration in Migration.Missing(Migration.Sqlite, applied))
        {
            connection.Execute(migration.Sql, transaction: transaction);
            connection.Execute(
                Migration.Record, new { migration.Version, migration.Name, At = time.UnixNow() }, transaction);
        }

        transaction.Commit();
    }
}
