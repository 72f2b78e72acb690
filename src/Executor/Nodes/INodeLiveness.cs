namespace Executor.Nodes;

/// <summary>What this node may do, and what it has seen of the others.</summary>
public interface INodeLiveness
{
    /// <summary>This node's current incarnation.</summary>
    NodeRef Self { get; }

    /// <summary>It holds its liveness lock and is not draining.</summary>
    bool MayOpenIntents { get; }

    /// <summary>Its own heartbeat was committed less than half a lease ago, and it is not draining.</summary>
    bool MayStartSteps { get; }

    /// <summary>
    /// This node itself read the database throughout the lease and saw the heartbeat of <paramref name="node"/> stand still, or the node
    /// is written down as gone. That is enough to take over runs, which their fence protects, and to retry against a tolerant provider.
    /// It is not enough for a strict one.
    /// </summary>
    bool IsSuspect(NodeRef node);
}
