using Dapper;
using Executor.Storage.Admission;
using Executor.Storage.Databases;
using Executor.Storage.Databases.Postgres;
using Executor.Storage.Nodes;
using Npgsql;

namespace Executor.Storage.Migrations;

internal static class PostgresMigrations
{
    /// <summary>The same for every version of this program, or two versions would migrate at once.</summary>
    public const long Lock = 7_310_579_432_001_455_873;

    /// <summary>
    /// Any number of nodes may start at once: each waits for the lock, which ends with its transaction, and finds what is left to do.
    /// </summary>
    /// <param name="connection">Of the starting node.</param>
    /// <param name="settings">The schema.</param>
    /// <param name="dialect">For <paramref name="admit"/>.</param>
    /// <param name="admit">Refuses the start, and with it the migration.</param>
    /// <param name="cancellationToken">Ends the wait for another node's migration.</param>
    public static async Task ApplyAsync(
        NpgsqlConnection connection,
        PostgresSettings settings,
        Dialect dialect,
        Func<Opening, Task> admit,
        CancellationToken cancellationToken)
    {
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        await ExecuteAsync(
            "SET LOCAL idle_in_transaction_session_timeout = 0; SET LOCAL statement_timeout = 0; SET LOCAL lock_timeout = 0;");

        // Waiting for another node's migration takes as long as it takes.
        await connection.ExecuteAsync(
            new CommandDefinition(
                "SELECT 1 FROM pg_advisory_xact_lock(@Lock);",
                new { Lock },
                transaction,
                commandTimeout: 0,
                cancellationToken: cancellationToken));

        // Asked for rather than «IF NOT EXISTS»: that wants the right to create schemas even where there is nothing to create.
        var exists = await connection.ExecuteScalarAsync<bool>(
            "SELECT EXISTS (SELECT 1 FROM pg_namespace WHERE nspname = @Schema);", new { settings.Schema }, transaction);
        if (!exists)
            await ExecuteAsync($"CREATE SCHEMA {settings.QuotedSchema};");

        await CreateTableAsync();
        var applied = (await connection.QueryAsync<(int, string)>(Migration.Applied, transaction: transaction)).AsList();
        foreach (var migration in Migration.Missing(Migration.Postgres, applied))
        {
            await ExecuteAsync(migration.Sql);
            await connection.ExecuteAsync(
                Migration.Record,
                new { migration.Version, migration.Name, At = DateTimeOffset.UtcNow.ToUnixTimeMilliseconds() },
                transaction);
        }

        var others = (await connection.QueryAsync<LivingNode>(NodeSql.Living, transaction: transaction)).AsList();
        var now = DateTimeOffset.UtcNow.ToUnixTimeMilliseconds();
        await admit(new Opening(connection, transaction, dialect, others, WasEmpty: applied.Count == 0, now));
        await transaction.CommitAsync(cancellationToken);

        async Task CreateTableAsync()
        {
            var known = await connection.ExecuteScalarAsync<bool>(
                "SELECT to_regclass('schema_migrations') IS NOT NULL;", transaction: transaction);
            if (!known)
                await ExecuteAsync(Migration.Table);
        }

        Task ExecuteAsync(string sql) => connection.ExecuteAsync(
            new CommandDefinition(sql, transaction: transaction, commandTimeout: 0, cancellationToken: cancellationToken));
    }
}
