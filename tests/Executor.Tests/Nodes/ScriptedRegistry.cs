using Executor.Nodes;

namespace Executor.Tests.Nodes;

/// <summary>A registry of many nodes whose every answer a test decides.</summary>
internal sealed class ScriptedRegistry : INodeRegistry
{
    private readonly Dictionary<NodeRef, (long Beat, bool Locked)> _nodes = [];
    private long _incarnation;

    public List<NodeRef> Gone { get; } = [];

    public List<NodeRef> Left { get; } = [];

    /// <summary>The database cannot be reached.</summary>
    public bool Away { get; set; }

    /// <summary>Another session has the lock that this node wants back.</summary>
    public bool LockTaken { get; set; }

    /// <summary>Runs within each attempt to have the lock back.</summary>
    public Action OnRetake { get; set; } = () => { };

    /// <summary>Runs within each observation.</summary>
    public Action OnObserve { get; set; } = () => { };

    public int Beats { get; private set; }

    public NodeRef Add(string name)
    {
        var node = new NodeRef(name, ++_incarnation);
        _nodes[node] = (1, true);
        return node;
    }

    public void Beat(NodeRef node) => _nodes[node] = (_nodes[node].Beat + 1, _nodes[node].Locked);

    public void SetLock(NodeRef node, bool held) => _nodes[node] = (_nodes[node].Beat, held);

    public void Remove(NodeRef node) => _nodes.Remove(node);

    public Task<NodeRef> EnterAsync(string name, CancellationToken cancellationToken)
    {
        Check();
        return Task.FromResult(Add(name));
    }

    public bool HoldsLock(NodeRef node) => _nodes.TryGetValue(node, out var seen) && seen.Locked;

    public Task<bool> RetakeLockAsync(NodeRef node, CancellationToken cancellationToken)
    {
        Check();
        OnRetake();
        if (!_nodes.ContainsKey(node))
            return Task.FromResult(false);
        if (LockTaken)
            throw new StoreUnavailableException();
        SetLock(node, true);
        return Task.FromResult(true);
    }

    public Task BeatAsync(NodeRef node, CancellationToken cancellationToken)
    {
        Check();
        Beats++;
        if (_nodes.ContainsKey(node))
            Beat(node);
        return Task.CompletedTask;
    }

    public Task<IReadOnlyList<NodeSighting>> ObserveAsync(CancellationToken cancellationToken)
    {
        Check();
        OnObserve();
        return Task.FromResult<IReadOnlyList<NodeSighting>>(
            [.. _nodes.Select(entry => new NodeSighting(entry.Key, entry.Value.Beat, entry.Value.Locked))]);
    }

    public Task MarkGoneAsync(NodeRef node, CancellationToken cancellationToken)
    {
        Check();
        Gone.Add(node);
        _nodes.Remove(node);
        return Task.CompletedTask;
    }

    public Task LeaveAsync(NodeRef node, CancellationToken cancellationToken)
    {
        Check();
        Left.Add(node);
        _nodes.Remove(node);
        return Task.CompletedTask;
    }

    private void Check()
    {
        if (Away)
            throw new StoreUnavailableException();
    }
}
