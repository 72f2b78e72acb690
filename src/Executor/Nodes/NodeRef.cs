namespace Executor.Nodes;

/// <summary>
/// One life of one node. The incarnation is drawn at random at each start, and again after the node was cut off for too long. So the same
/// name come back proves nothing about what the earlier one left behind.
/// </summary>
public readonly record struct NodeRef(string Name, long Incarnation);
