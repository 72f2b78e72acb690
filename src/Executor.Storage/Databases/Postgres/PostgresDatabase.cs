using System.Data;
using Dapper;
using Executor.Storage.Admission;
using Executor.Storage.Migrations;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Executor.Storage.Databases.Postgres;

internal sealed partial class PostgresDatabase(
    PostgresSettings settings, TimeProvider? clock, DatabaseMemory memory, DatabaseAdmission admission, ILogger<PostgresDatabase> logger) : Database
{
    private const int Attempts = 5;

    private readonly NpgsqlDataSource _source = PostgresSource.Of(settings.Pooled, memory);
    private readonly HeardClock _server = new();
    private readonly Outage _outage = new("The database", TimeProvider.System, logger);

    public override Dialect Dialect { get; } = new PostgresDialect(serverClock: clock is null);

    public override long? Now => clock?.UnixNow() ?? _server.Now;

    public override async Task StartAsync(CancellationToken cancellationToken)
    {
        try
        {
            await using var connection = await _source.OpenConnectionAsync(cancellationToken);
            await PostgresMigrations.ApplyAsync(connection, settings, Dialect, admission.AdmitAsync, cancellationToken);
        }
        catch (PostgresException refused) when (refused.SqlState is PostgresErrorCodes.InsufficientPrivilege)
        {
            throw new StorageStartException(PostgresStartFaults.Explain(refused, settings).Message, refused);
        }
        catch (Exception fault) when (PostgresFaults.IsUnavailable(fault))
        {
            throw PostgresStartFaults.Explain(fault, settings);
        }
    }

    public override Task<T> ReadAsync<T>(
        string sql,
        SqlArguments arguments,
        Func<SqlMapper.GridReader, Task<T>> read,
        CancellationToken cancellationToken,
        bool snapshot = false)
    {
        var text = snapshot ? $"BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY;\n{sql}COMMIT;" : sql;
        return RepeatAsync(
            async _ =>
            {
                await using var connection = await _source.OpenConnectionAsync(cancellationToken);
                await using var grid = await connection.QueryMultipleAsync(
                    new CommandDefinition(text, arguments.At(Given()), cancellationToken: cancellationToken));
                return await read(grid);
            },
            cancellationToken);
    }

    public override Task<T> WriteAsync<T>(Func<WriteSession, Task<T>> work, CancellationToken cancellationToken) =>
        RepeatAsync(
            async attempt =>
            {
                await using var connection = await _source.OpenConnectionAsync(cancellationToken);

                // Travels with the first statement. The session commits by a statement of its own, with the last ones.
                await using var transaction = await connection.BeginTransactionAsync(IsolationLevel.ReadCommitted, cancellationToken);
                var session = attempt.Session = new PostgresSession(connection, Given(), cancellationToken);
                var result = await work(session);
                if (!session.IsEnded)
                    await session.CommitAsync();
                return result;
            },
            cancellationToken);

    public override void Hear(long now) => _server.Hear(now);

    public override void Committed(long generation) => memory.SawGeneration(generation);

    public override ValueTask DisposeAsync() => _source.DisposeAsync();

    /// <summary>For statements that do not ask the server's clock themselves.</summary>
    private long Given() => clock?.UnixNow() ?? 0;

    private async Task<T> RepeatAsync<T>(Func<Attempt, Task<T>> run, CancellationToken cancellationToken)
    {
        for (var number = 1; ; number++)
        {
            var attempt = new Attempt();
            try
            {
                var result = await run(attempt);
                _outage.Worked();
                return result;
            }
            catch (Exception fault) when (number < Attempts && MayRepeat(fault, attempt))
            {
                Log.Repeating(logger, PostgresFaults.Describe(fault));
                await Task.Delay(TimeSpan.FromMilliseconds(Random.Shared.Next(1, 10 << number)), cancellationToken);
            }
            catch (Exception fault) when (PostgresFaults.IsUnavailable(fault))
            {
                cancellationToken.ThrowIfCancellationRequested();
                _outage.Failed($"PostgreSQL at {settings.Address}: {PostgresFaults.Describe(fault)}");
                throw PostgresFaults.Unavailable(fault);
            }
        }
    }

    /// <summary>A pooled connection may have died unnoticed; as long as no commit was sent, nothing happened on it.</summary>
    private static bool MayRepeat(Exception fault, Attempt attempt) =>
        PostgresFaults.IsConflict(fault)
        || (PostgresFaults.IsConnectionLoss(fault) && attempt.Session is not { IsCommitSent: true });

    private sealed class Attempt
    {
        public PostgresSession? Session { get; set; }
    }

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Debug, Message = "Running a database transaction again ({Cause})")]
        public static partial void Repeating(ILogger logger, string cause);
    }
}
