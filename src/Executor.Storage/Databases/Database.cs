using Dapper;

namespace Executor.Storage.Databases;

/// <summary>
/// Runs statements and short transactions. A <see cref="StoreUnavailableException"/> is a database that is away, or that went away before
/// it said whether a commit took place. What the database refused because of others (deadlock, serialisation, busy) is run again. So work
/// must be repeatable.
/// </summary>
internal abstract class Database : IAsyncDisposable
{
    static Database() => DefaultTypeMap.MatchNamesWithUnderscores = true;

    public abstract Dialect Dialect { get; }

    /// <summary>The database's clock as Unix milliseconds, without asking it; null when it has not been heard of for a while.</summary>
    public abstract long? Now { get; }

    /// <summary>Opens and migrates. Everything else comes after.</summary>
    public abstract Task StartAsync(CancellationToken cancellationToken);

    /// <summary>Queries in one round trip, all of them on one snapshot if <paramref name="snapshot"/>.</summary>
    public abstract Task<T> ReadAsync<T>(
        string sql,
        SqlArguments arguments,
        Func<SqlMapper.GridReader, Task<T>> read,
        CancellationToken cancellationToken,
        bool snapshot = false);

    /// <summary>
    /// Commits what <paramref name="work"/> did, unless it ended its transaction itself. Cancellation is heeded before the commit,
    /// never during it.
    /// </summary>
    public abstract Task<T> WriteAsync<T>(Func<WriteSession, Task<T>> work, CancellationToken cancellationToken);

    /// <summary>The database has just said what its clock is.</summary>
    public virtual void Hear(long now)
    {
    }

    /// <summary>A commit with this generation was acknowledged.</summary>
    public virtual void Committed(long generation)
    {
    }

    public abstract ValueTask DisposeAsync();

    public Task<IReadOnlyList<T>> ReadListAsync<T>(string sql, SqlArguments arguments, CancellationToken cancellationToken) =>
        ReadAsync<IReadOnlyList<T>>(sql, arguments, async grid => (await grid.ReadAsync<T>()).AsList(), cancellationToken);

    public Task<T?> ReadFirstAsync<T>(string sql, SqlArguments arguments, CancellationToken cancellationToken) =>
        ReadAsync(sql, arguments, async grid => await grid.ReadFirstOrDefaultAsync<T>(), cancellationToken);

    public Task<int> WriteRowsAsync(string sql, SqlArguments arguments, CancellationToken cancellationToken) =>
        WriteAsync(
            session => session.CommitAsync(sql, arguments, async grid => (await grid.ReadAsync<object>()).Count()),
            cancellationToken);

    public Task WriteAsync(string sql, SqlArguments arguments, CancellationToken cancellationToken) =>
        WriteAsync(
            async session =>
            {
                await session.CommitAsync(sql, arguments);
                return true;
            },
            cancellationToken);
}
