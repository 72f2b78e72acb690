namespace Executor.Nodes;

/// <summary>The nodes that share a database, as the database knows them.</summary>
public interface INodeRegistry
{
    /// <summary>
    /// Writes a new incarnation down and takes its liveness lock. On SQLite the file's lock proves that every earlier incarnation is
    /// gone, and they are marked so.
    /// </summary>
    Task<NodeRef> EnterAsync(string name, CancellationToken cancellationToken);

    /// <summary>
    /// True while this process holds the liveness lock of <paramref name="node"/>. It is a session-level lock on a direct connection of
    /// its own. A frozen process keeps it, and a killed one frees it.
    /// </summary>
    bool HoldsLock(NodeRef node);

    /// <summary>Takes a lost liveness lock again; false when the incarnation was written down as gone meanwhile.</summary>
    Task<bool> RetakeLockAsync(NodeRef node, CancellationToken cancellationToken);

    /// <summary>Raises the node's heartbeat counter.</summary>
    Task BeatAsync(NodeRef node, CancellationToken cancellationToken);

    /// <summary>Every incarnation not yet gone, and whether its lock is held. Empty where there is but one node (SQLite).</summary>
    Task<IReadOnlyList<NodeSighting>> ObserveAsync(CancellationToken cancellationToken);

    /// <summary>
    /// Writes an incarnation down as gone, which waits for, and then excludes, its opening of intents. Idempotent.
    /// </summary>
    Task MarkGoneAsync(NodeRef node, CancellationToken cancellationToken);

    /// <summary>A goodbye: every intent of the node has settled, and it opens no more.</summary>
    Task LeaveAsync(NodeRef node, CancellationToken cancellationToken);
}

/// <param name="Heartbeat">The counter as read; only its change means anything.</param>
/// <param name="LockHeld">Some session holds the incarnation's liveness lock.</param>
public readonly record struct NodeSighting(NodeRef Node, long Heartbeat, bool LockHeld);
