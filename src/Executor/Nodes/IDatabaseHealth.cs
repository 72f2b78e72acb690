namespace Executor.Nodes;

/// <summary>Whether the database answers, and whether its schema is at least the one this build needs.</summary>
public interface IDatabaseHealth
{
    /// <summary>Never throws for a database that is away: that is an answer.</summary>
    Task<DatabaseHealth> CheckAsync(CancellationToken cancellationToken);
}

/// <param name="SchemaVersion">The newest migration applied; a newer one than needed is fine.</param>
/// <param name="RequiredVersion">The newest migration that this build knows.</param>
/// <param name="IsReadOnly">It answers, and refuses to write: a standby, or one that was told so.</param>
public readonly record struct DatabaseHealth(bool Reachable, int SchemaVersion, int RequiredVersion, bool IsReadOnly = false)
{
    public bool HasSchema => SchemaVersion >= RequiredVersion;

    public bool IsReady => Reachable && HasSchema && !IsReadOnly;
}
