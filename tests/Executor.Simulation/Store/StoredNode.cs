using Executor.Nodes;

namespace Executor.Simulation.Store;

internal sealed record StoredNode(NodeRef Node, long Heartbeat, bool IsGone);
