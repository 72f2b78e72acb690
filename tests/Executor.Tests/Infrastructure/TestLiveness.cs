using Executor.Nodes;

namespace Executor.Tests.Infrastructure;

internal sealed class TestLiveness(NodeRef self) : INodeLiveness
{
    public NodeRef Self => self;

    public bool MayOpenIntents { get; set; } = true;

    public bool MayStartSteps { get; set; } = true;

    public HashSet<NodeRef> Suspects { get; } = [];

    public bool IsSuspect(NodeRef node) => Suspects.Contains(node);
}
