using Executor.Nodes;
using Executor.Storage.Admission;
using Executor.Storage.Databases;

namespace Executor.Storage.Nodes;

/// <summary>The only node there is: the file's lock is its liveness lock, and it has no others to watch.</summary>
internal sealed class SqliteNodeRegistry(Database database, StorageOptions options) : INodeRegistry
{
    private readonly Lock _gate = new();
    private NodeRef? _current;

    public async Task<NodeRef> EnterAsync(string name, CancellationToken cancellationToken)
    {
        var node = new NodeRef(name, Incarnation.Draw());
        var sql = NodeSql.MarkAllGone + NodeSql.Forget + NodeSql.Enter(database.Dialect.Now) + NodeSql.Count;
        var keyIds = options.Keys is { } keys ? NodeKeys.Of(keys) : null;
        await database.WriteAsync(
            session => session.CommitAsync(sql, ArgumentsOf(node).With("KeyIds", keyIds), grid => grid.ReadSingleAsync<long>()), cancellationToken);
        lock (_gate)
            _current = node;
        return node;
    }

    public bool HoldsLock(NodeRef node)
    {
        lock (_gate)
            return _current == node;
    }

    public async Task<bool> RetakeLockAsync(NodeRef node, CancellationToken cancellationToken) =>
        await database.ReadFirstAsync<int>(NodeSql.IsPresent, ArgumentsOf(node), cancellationToken) > 0;

    public Task BeatAsync(NodeRef node, CancellationToken cancellationToken) => Task.CompletedTask;

    public Task<IReadOnlyList<NodeSighting>> ObserveAsync(CancellationToken cancellationToken) =>
        Task.FromResult<IReadOnlyList<NodeSighting>>([]);

    public Task MarkGoneAsync(NodeRef node, CancellationToken cancellationToken) =>
        database.WriteAsync(NodeSql.MarkGone, ArgumentsOf(node), cancellationToken);

    public async Task LeaveAsync(NodeRef node, CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            if (_current == node)
                _current = null;
        }

        await MarkGoneAsync(node, cancellationToken);
    }

    private static SqlArguments ArgumentsOf(NodeRef node) =>
        new SqlArguments().With("Incarnation", node.Incarnation).With("Name", node.Name);
}
