using System.Data.Common;
using Dapper;
using Executor.Storage.Databases;

namespace Executor.Storage.Admission;

/// <summary>
/// The transaction in which a starting node migrates the database and is admitted to it. One at a time in the whole cluster; a start
/// that is refused leaves no trace.
/// </summary>
/// <param name="Others">The nodes that are alive at this moment.</param>
/// <param name="WasEmpty">There was no database before.</param>
internal sealed record Opening(
    DbConnection Connection,
    DbTransaction Transaction,
    Dialect Dialect,
    IReadOnlyList<LivingNode> Others,
    bool WasEmpty,
    long Now)
{
    public async Task<IReadOnlyList<T>> ReadAsync<T>(string sql, object? arguments = null) =>
        (await Connection.QueryAsync<T>(sql, arguments, Transaction)).AsList();

    public Task<int> WriteAsync(string sql, object? arguments = null) => Connection.ExecuteAsync(sql, arguments, Transaction);
}

/// <summary>A node whose liveness lock is held.</summary>
internal sealed class LivingNode
{
    public string Name { get; init; } = "";

    /// <summary>As the node wrote it down when it entered; null for one of an older version.</summary>
    public string? KeyIds { get; init; }

    public bool HasKey(string keyId) => NodeKeys.Split(KeyIds).Contains(keyId, StringComparer.Ordinal);

    public bool SealsWith(string keyId) => NodeKeys.Split(KeyIds) is [var current, ..] && current == keyId;
}
