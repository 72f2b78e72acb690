using Executor.Nodes;

namespace Executor.Simulation.Store;

/// <summary>SQLite's: the file's lock is the only node's liveness lock, and it has no others to watch.</summary>
internal sealed class ModelSingleNodeRegistry(ModelDatabase database, ModelSession session) : INodeRegistry
{
    private NodeRef? _current;

    public Task<NodeRef> EnterAsync(string name, CancellationToken cancellationToken) => Immediate.Run(
        () =>
        {
            var node = new NodeRef(name, database.DrawIncarnation());
            database.Write(new ModelWrite(session, "Enter"), transaction =>
            {
                ModelNodes.MarkAllGone(transaction);
                ModelNodes.Enter(transaction, node);
                return true;
            });
            _current = node;
            return node;
        },
        cancellationToken);

    public bool HoldsLock(NodeRef node) => _current == node;

    public Task<bool> RetakeLockAsync(NodeRef node, CancellationToken cancellationToken) =>
        Immediate.Run(() => database.Read(session, tables => !tables.IsGone(node.Incarnation)), cancellationToken);

    public Task BeatAsync(NodeRef node, CancellationToken cancellationToken) => Task.CompletedTask;

    public Task<IReadOnlyList<NodeSighting>> ObserveAsync(CancellationToken cancellationToken) =>
        Task.FromResult<IReadOnlyList<NodeSighting>>([]);

    public Task MarkGoneAsync(NodeRef node, CancellationToken cancellationToken) => Immediate.Run(
        () => database.Write(new ModelWrite(session, "MarkGone"), transaction => ModelNodes.MarkGone(transaction, node)),
        cancellationToken);

    public Task LeaveAsync(NodeRef node, CancellationToken cancellationToken)
    {
        if (_current == node)
            _current = null;
        return MarkGoneAsync(node, cancellationToken);
    }
}
