using Dapper;

namespace Executor.Storage.Databases;

/// <summary>One short transaction, as the work inside sees it.</summary>
internal abstract class WriteSession
{
    /// <summary>Whether the work has already ended its transaction, by its last statement or by giving up.</summary>
    public bool IsEnded { get; protected set; }

    /// <summary>Several statements in one round trip; <paramref name="read"/> takes the results of those that have one, in order.</summary>
    public abstract Task<T> QueryAsync<T>(string sql, SqlArguments arguments, Func<SqlMapper.GridReader, Task<T>> read);

    /// <summary>As <see cref="QueryAsync"/>, with the commit in the same round trip. Nothing may follow.</summary>
    public abstract Task<T> CommitAsync<T>(string sql, SqlArguments arguments, Func<SqlMapper.GridReader, Task<T>> read);

    /// <summary>Statements without results, with the commit in the same round trip. Nothing may follow.</summary>
    public abstract Task CommitAsync(string sql, SqlArguments arguments);

    /// <summary>Ends the transaction without a trace.</summary>
    public abstract Task RollBackAsync();

    protected void ThrowIfEnded()
    {
        if (IsEnded)
            throw new InvalidOperationException("The work has ended its transaction.");
    }
}
