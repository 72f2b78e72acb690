using System.Collections.Concurrent;
using Dapper;
using Executor.Nodes;
using Executor.Storage.Admission;
using Executor.Storage.Databases;
using Executor.Storage.Databases.Postgres;
using Executor.Storage.Migrations;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Executor.Storage.Nodes;

internal sealed partial class PostgresNodeRegistry(
    Database database, PostgresSettings settings, StorageOptions options, DatabaseMemory memory, ILogger<PostgresNodeRegistry> logger) : INodeRegistry, IAsyncDisposable
{
    private const string Observe =
        "WITH held AS MATERIALIZED (SELECT l.classid, l.objid FROM pg_locks l WHERE l.locktype = 'advisory' AND l.objsubid = 2 "
        + "AND l.granted AND l.database = (SELECT d.oid FROM pg_database d WHERE d.datname = current_database())) "
        + "SELECT n.name, n.incarnation, coalesce(h.counter, 0) AS heartbeat, (EXISTS (SELECT 1 FROM held "
        + "WHERE held.classid = (n.incarnation >> 32)::oid AND held.objid = (n.incarnation & 4294967295)::oid))::int AS lock_held "
        + "FROM node_incarnations n LEFT JOIN node_heartbeats h ON h.incarnation = n.incarnation WHERE n.gone = 0 "
        + "ORDER BY n.entered_at, n.incarnation;";

    // A connection that broke on our side may live on for the server. It was ours, and its end is what we ask for.
    private const string EndFormerHolder =
        "SELECT pg_terminate_backend(l.pid) FROM pg_locks l WHERE l.locktype = 'advisory' AND l.objsubid = 2 AND l.granted "
        + "AND l.database = (SELECT d.oid FROM pg_database d WHERE d.datname = current_database()) "
        + "AND l.classid = (@Incarnation::bigint >> 32)::oid AND l.objid = (@Incarnation::bigint & 4294967295)::oid;";

    private const string Beat = "UPDATE node_heartbeats SET counter = counter + 1 WHERE incarnation = @Incarnation RETURNING counter;\n";

    private readonly NpgsqlDataSource _source = PostgresSource.Of(settings.Liveness, memory);
    private readonly ConcurrentDictionary<long, LivenessLock> _locks = new();

    public async Task<NodeRef> EnterAsync(string name, CancellationToken cancellationToken)
    {
        var node = new NodeRef(name, Incarnation.Draw());

        // The lock first: whoever sees the incarnation sees it held.
        var held = await TakeAsync(node.Incarnation, cancellationToken)
            ?? throw new InvalidOperationException("The lock of an incarnation just drawn is held.");
        try
        {
            await WriteDownAsync(node, cancellationToken);
        }
        catch
        {
            await held.DisposeAsync();
            throw;
        }

        _locks[node.Incarnation] = held;
        return node;
    }

    public bool HoldsLock(NodeRef node) => _locks.TryGetValue(node.Incarnation, out var held) && held.IsHeld;

    public async Task<bool> RetakeLockAsync(NodeRef node, CancellationToken cancellationToken)
    {
        if (!HoldsLock(node))
        {
            await DropAsync(node);
            var held = await TakeAsync(node.Incarnation, cancellationToken);
            if (held is null)
            {
                await database.ReadListAsync<bool>(EndFormerHolder, ArgumentsOf(node), cancellationToken);
                held = await TakeAsync(node.Incarnation, cancellationToken)
                    ?? throw new StoreUnavailableException("The node's former session still holds its liveness lock.");
            }

            _locks[node.Incarnation] = held;
            Log.Retaken(logger, node.Name, node.Incarnation);
        }

        // After the lock: from here on nobody has reason to write the incarnation down.
        if (await database.ReadFirstAsync<int>(NodeSql.IsPresent, ArgumentsOf(node), cancellationToken) > 0)
            return true;
        await DropAsync(node);
        return false;
    }

    public async Task BeatAsync(NodeRef node, CancellationToken cancellationToken)
    {
        var beats = await database.WriteAsync(
            session => session.CommitAsync(Beat, ArgumentsOf(node), async grid => (await grid.ReadAsync<long>()).AsList()), cancellationToken);
        if (beats is [var heartbeat])
            memory.SawHeartbeat(node.Incarnation, heartbeat);
    }

    public async Task<IReadOnlyList<NodeSighting>> ObserveAsync(CancellationToken cancellationToken)
    {
        var seen = await database.ReadListAsync<Sighting>(Observe, new SqlArguments(), cancellationToken);
        return seen
            .Select(node => new NodeSighting(new NodeRef(node.Name, node.Incarnation), node.Heartbeat, node.LockHeld != 0))
            .ToList();
    }

    public Task MarkGoneAsync(NodeRef node, CancellationToken cancellationToken) => database.WriteAsync(
        async session =>
        {
            await session.QueryAsync(database.Dialect.CloseOpenerGate!, ArgumentsOf(node), grid => grid.ReadSingleAsync<int>());
            await session.CommitAsync(NodeSql.MarkGone, ArgumentsOf(node));
            return true;
        },
        cancellationToken);

    public async Task LeaveAsync(NodeRef node, CancellationToken cancellationToken)
    {
        await MarkGoneAsync(node, cancellationToken);
        await DropAsync(node);
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var held in _locks.Values)
            await held.DisposeAsync();
        _locks.Clear();
        await _source.DisposeAsync();
    }

    /// <summary>
    /// Shares the lock under which nodes are admitted. Between this node's admission and here, no other may have entered a key that this
    /// one does not have.
    /// </summary>
    private async Task WriteDownAsync(NodeRef node, CancellationToken cancellationToken)
    {
        var arguments = ArgumentsOf(node).With("KeyIds", options.Keys is { } keys ? NodeKeys.Of(keys) : null);
        var entries = await database.WriteAsync(
            async session =>
            {
                var keyIds = await session.QueryAsync(
                    $"SELECT 1 FROM pg_advisory_xact_lock_shared({PostgresMigrations.Lock});\n{KeySql.Known}\n",
                    new SqlArguments(),
                    async grid =>
                    {
                        await grid.ReadSingleAsync<int>();
                        return (await grid.ReadAsync<KnownKeyId>()).Select(key => key.KeyId).ToList();
                    });
                if (options.Keys is { HasKey: true } own && keyIds.Find(id => own.Checks.All(key => $"{key.Id}" != id)) is { } unknown)
                    throw Lose($"EXECUTOR_ENCRYPTION_KEYS_RETIRED: lacks the key with the id {unknown}, with which other nodes seal by now");
                var sql = NodeSql.Forget + NodeSql.Enter(database.Dialect.Now)
                    + "INSERT INTO node_heartbeats (incarnation, counter) VALUES (@Incarnation, 0);\n" + NodeSql.Count;
                return await session.CommitAsync(sql, arguments, grid => grid.ReadSingleAsync<long>());
            },
            cancellationToken);
        memory.SawEntry(node.Incarnation, entries);
    }

    private StorageStartException Lose(string reason)
    {
        memory.Lose(reason);
        return new StorageStartException(reason + ".");
    }

    private static SqlArguments ArgumentsOf(NodeRef node) =>
        new SqlArguments().With("Incarnation", node.Incarnation).With("Name", node.Name);

    private async Task<LivenessLock?> TakeAsync(long incarnation, CancellationToken cancellationToken)
    {
        try
        {
            return await LivenessLock.TryTakeAsync(_source, incarnation, cancellationToken);
        }
        catch (Exception fault) when (PostgresFaults.IsUnavailable(fault))
        {
            throw PostgresFaults.Unavailable(fault);
        }
    }

    private async Task DropAsync(NodeRef node)
    {
        if (_locks.TryRemove(node.Incarnation, out var held))
            await held.DisposeAsync();
    }

    private sealed class KnownKeyId
    {
        public string KeyId { get; init; } = "";
    }

    private sealed class Sighting
    {
        public string Name { get; init; } = "";

        public long Incarnation { get; init; }

        public long Heartbeat { get; init; }

        public int LockHeld { get; init; }
    }

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Warning, Message = "Node {Name} ({Incarnation}) took its lost liveness lock again")]
        public static partial void Retaken(ILogger logger, string name, long incarnation);
    }
}
