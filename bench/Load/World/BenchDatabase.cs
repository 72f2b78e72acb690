using System.Data.Common;

namespace Executor.Load;

/// <summary>Where a world's nodes keep their rows; the load generator looks at it, and fills it, beside them.</summary>
internal abstract class BenchDatabase : IAsyncDisposable
{
    public abstract string Name { get; }

    /// <summary>For nodes.</summary>
    public abstract IReadOnlyList<(string Name, string Value)> Settings { get; }

    public static async Task<BenchDatabase> CreateAsync(DatabaseKind kind, string directory) => kind == DatabaseKind.Sqlite
        ? new SqliteBench(directory)
        : await PostgresBench.CreateAsync(await SharedPostgres.GetAsync());

    /// <summary>To the nodes' tables, once a node has made them.</summary>
    public abstract Task<DbConnection> ConnectAsync();

    /// <summary>Begins to count the commits that change rows; what is returned says how many there were until then.</summary>
    public abstract Task<Func<Task<long>>> CountCommitsAsync();

    /// <summary>One insert of one short row and its durable commit, by as many callers at once; to be disposed of.</summary>
    public abstract Task<IBareCommit> BareCommitAsync(int callers);

    /// <summary>Ids of those runs that have come to their end.</summary>
    public abstract Task<IReadOnlyList<string>> FinishedAsync(DbConnection connection, IReadOnlyCollection<string> runs);

    /// <summary>That its own processes have used so far; none where it is in the node's.</summary>
    public abstract TimeSpan Cpu();

    /// <summary>An expression for a new run id: sorts by <c>n</c>, which the statement counts.</summary>
    public abstract string RunIdOf(string n);

    /// <summary>A table expression that yields <c>n</c> from 1 to <paramref name="count"/>.</summary>
    public abstract string Series(int count);

    public abstract Task<IReadOnlyList<string>> ColumnsAsync(string table);

    public abstract Task AnalyzeAsync();

    public async Task ExecuteAsync(string sql)
    {
        await using var connection = await ConnectAsync();
        await using var command = connection.CreateCommand();
        command.CommandText = sql;
        command.CommandTimeout = 600;
        await command.ExecuteNonQueryAsync();
    }

    public async Task<T> ScalarAsync<T>(string sql)
    {
        await using var connection = await ConnectAsync();
        await using var command = connection.CreateCommand();
        command.CommandText = sql;
        command.CommandTimeout = 600;
        return (T)(await command.ExecuteScalarAsync())!;
    }

    public abstract ValueTask DisposeAsync();
}

internal interface IBareCommit : IAsyncDisposable
{
    Task<bool> CommitAsync(int caller);
}
