using Executor.Nodes;
using Executor.Simulation.Store;
using Executor.Tests.Infrastructure;

namespace Executor.Tests.Properties.Stores;

/// <summary>What befalls connections, each database's own way; returns when it has.</summary>
internal interface IStoreTroubles
{
    /// <summary>The server ends the connection that holds the node's lock, if any does.</summary>
    Task CutAsync(NodeRef node, IReadOnlyList<StorageHost> hosts);

    /// <summary>The server has noticed that the holders of these locks are dead.</summary>
    Task WhenFreeAsync(IReadOnlyList<NodeRef> nodes);

    /// <summary>A former holder has noticed that the lock is another's now.</summary>
    Task<bool> RetakeAsync(INodeRegistry registry, NodeRef node, IReadOnlyList<StorageHost> hosts);
}

internal sealed class ModelTroubles(ModelBackend backend) : IStoreTroubles
{
    public Task CutAsync(NodeRef node, IReadOnlyList<StorageHost> hosts)
    {
        backend.Session.Database.Locks.EndHolder(node.Incarnation);
        return Task.CompletedTask;
    }

    public Task WhenFreeAsync(IReadOnlyList<NodeRef> nodes) => Task.CompletedTask;

    public Task<bool> RetakeAsync(INodeRegistry registry, NodeRef node, IReadOnlyList<StorageHost> hosts) =>
        registry.RetakeLockAsync(node, default);
}

/// <summary>A single node has no lock that could be cut.</summary>
internal sealed class SqliteTroubles : IStoreTroubles
{
    public Task CutAsync(NodeRef node, IReadOnlyList<StorageHost> hosts) => Task.CompletedTask;

    public Task WhenFreeAsync(IReadOnlyList<NodeRef> nodes) => Task.CompletedTask;

    public Task<bool> RetakeAsync(INodeRegistry registry, NodeRef node, IReadOnlyList<StorageHost> hosts) =>
        registry.RetakeLockAsync(node, default);
}

internal sealed class PostgresTroubles(PostgresBackend backend) : IStoreTroubles
{
    public async Task CutAsync(NodeRef node, IReadOnlyList<StorageHost> hosts)
    {
        await backend.ExecuteAsync($"SELECT pg_terminate_backend(pid) FROM ({HoldersOf(node)}) AS holders");
        await WhenFreeAsync([node]);
        await Eventually.TrueAsync(() => Task.FromResult(hosts.All(host => !host.Nodes.HoldsLock(node))));
    }

    public async Task WhenFreeAsync(IReadOnlyList<NodeRef> nodes)
    {
        foreach (var node in nodes)
            await Eventually.TrueAsync(async () => await backend.ScalarAsync<int?>(HoldersOf(node)) is null);
    }

    public async Task<bool> RetakeAsync(INodeRegistry registry, NodeRef node, IReadOnlyList<StorageHost> hosts)
    {
        var taken = false;

        // The server takes a moment to end a session that it was told to end; whoever wants the lock then asks again.
        await Eventually.TrueAsync(async () =>
        {
            try
            {
                taken = await registry.RetakeLockAsync(node, default);
                return true;
            }
            catch (StoreUnavailableException)
            {
                return false;
            }
        });
        await Eventually.TrueAsync(() => Task.FromResult(hosts.Count(host => host.Nodes.HoldsLock(node)) <= 1));
        return taken;
    }

    private static string HoldersOf(NodeRef node) =>
        "SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND objsubid = 2 AND granted "
        + $"AND classid = ({node.Incarnation}::bigint >> 32)::oid AND objid = ({node.Incarnation}::bigint & 4294967295)::oid";
}
