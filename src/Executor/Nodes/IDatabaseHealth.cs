namespace Executor.Nodes;

/// <summary>Whether the database answers, and whether its schema is one that this build can work with.</summary>
public interface IDatabaseHealth
{
    /// <summary>Never throws for a database that is away: that is an answer.</summary>
    Task<DatabaseHealth> CheckAsync(CancellationToken cancellationToken);
}

/// <param name="SchemaVersion">The newest migration applied; a newer one than needed is fine, unless it is too new.</param>
/// <param name="RequiredVersion">The newest migration that this build knows.</param>
/// <param name="IsReadOnly">It answers, and refuses to write: a standby, or one that was told so.</param>
/// <param name="IsTooNew">A newer version has changed the schema in a way that this build cannot work with.</param>
public readonly record struct DatabaseHealth(bool Reachable, int SchemaVersion, int RequiredVersion, bool IsReadOnly = false, bool IsTooNew = false)
{
    public bool HasSchema => SchemaVersion >= RequiredVersion && !IsTooNew;

    public bool IsReady => Reachable && HasSchema && !IsReadOnly;
}
