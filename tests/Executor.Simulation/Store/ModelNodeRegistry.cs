using Executor.Nodes;

namespace Executor.Simulation.Store;

/// <summary>PostgreSQL's: many nodes, each with a lock on a connection of its own.</summary>
internal sealed class ModelNodeRegistry(ModelDatabase database, ModelSession session) : INodeRegistry
{
    private readonly Dictionary<long, LivenessConnection> _connections = [];

    public Task<NodeRef> EnterAsync(string name, CancellationToken cancellationToken) => Immediate.Run(
        () =>
        {
            session.ThrowIfClosed();
            var node = new NodeRef(name, database.DrawIncarnation());

            // The lock first: whoever sees the incarnation sees it held.
            var held = database.Locks.TryTake(node.Incarnation)
                ?? throw new InvalidOperationException("The lock of an incarnation just drawn is held.");
            try
            {
                database.Write(new ModelWrite(session, "Enter"), transaction =>
                {
                    ModelNodes.Enter(transaction, node);
                    return true;
                });
            }
            catch
            {
                database.Locks.Free(held);
                throw;
            }

            _connections[node.Incarnation] = held;
            return node;
        },
        cancellationToken);

    public bool HoldsLock(NodeRef node) => _connections.TryGetValue(node.Incarnation, out var held) && held.IsBelieved;

    public Task<bool> RetakeLockAsync(NodeRef node, CancellationToken cancellationToken) => Immediate.Run(
        () =>
        {
            session.ThrowIfClosed();
            if (!HoldsLock(node))
            {
                Drop(node);

                // A connection that broke on our side may live on for the server. It was ours, and its end is what we ask for.
                if (database.Locks.IsHeld(node.Incarnation))
                    database.Locks.EndHolder(node.Incarnation);
                _connections[node.Incarnation] = database.Locks.TryTake(node.Incarnation)!;
            }

            // After the lock: from here on nobody has reason to write the incarnation down.
            if (!database.Read(session, tables => tables.IsGone(node.Incarnation)))
                return true;
            Drop(node);
            return false;
        },
        cancellationToken);

    public Task BeatAsync(NodeRef node, CancellationToken cancellationToken) => Immediate.Run(
        () => database.Write(new ModelWrite(session, "Beat"), transaction =>
        {
            if (transaction.Tables.Nodes.TryGetValue(node.Incarnation, out var stored))
                transaction.Tables = transaction.Tables.With(stored with { Heartbeat = stored.Heartbeat + 1 });
            return true;
        }),
        cancellationToken);

    public Task<IReadOnlyList<NodeSighting>> ObserveAsync(CancellationToken cancellationToken) =>
        Immediate.Run<IReadOnlyList<NodeSighting>>(
            () => database.Read(
                session,
                tables => tables.Nodes.Values
                    .Where(node => !node.IsGone)
                    .Select(node => new NodeSighting(node.Node, node.Heartbeat, database.Locks.IsHeld(node.Node.Incarnation)))
                    .ToList()),
            cancellationToken);

    public Task MarkGoneAsync(NodeRef node, CancellationToken cancellationToken) => Immediate.Run(
        () => database.Write(new ModelWrite(session, "MarkGone"), transaction => ModelNodes.MarkGone(transaction, node)),
        cancellationToken);

    public async Task LeaveAsync(NodeRef node, CancellationToken cancellationToken)
    {
        await MarkGoneAsync(node, cancellationToken);
        Drop(node);
    }

    public void FreeLocks(LivenessLocks locks)
    {
        foreach (var connection in _connections.Values)
            locks.Free(connection);
    }

    public void NoticeLostLocks()
    {
        foreach (var connection in _connections.Values)
            connection.IsBelieved = false;
    }

    /// <summary>Ends our side. Where that side still works the server hears of it; a broken one it believes in until it notices.</summary>
    private void Drop(NodeRef node)
    {
        if (_connections.Remove(node.Incarnation, out var held) && held.IsBelieved)
        {
            held.IsBelieved = false;
            database.Locks.Free(held);
        }
    }
}
