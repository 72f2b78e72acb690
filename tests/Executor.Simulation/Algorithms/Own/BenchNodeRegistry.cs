using Executor.Nodes;
using Executor.Simulation.Algorithms.Bench;
using Executor.Simulation.Store;

namespace Executor.Simulation.Algorithms.Own;

internal sealed class BenchNodeRegistry(BenchWorld world, BenchNode node, INodeRegistry registry) : INodeRegistry
{
    public Task<NodeRef> EnterAsync(string name, CancellationToken cancellationToken) =>
        CallAsync(() => registry.EnterAsync(name, CancellationToken.None));

    public bool HoldsLock(NodeRef entered) => registry.HoldsLock(entered);

    public Task<bool> RetakeLockAsync(NodeRef entered, CancellationToken cancellationToken) =>
        CallAsync(() => registry.RetakeLockAsync(entered, CancellationToken.None));

    public Task BeatAsync(NodeRef entered, CancellationToken cancellationToken) =>
        CallAsync(() => Immediate.Told(registry.BeatAsync(entered, CancellationToken.None)));

    public Task<IReadOnlyList<NodeSighting>> ObserveAsync(CancellationToken cancellationToken) =>
        CallAsync(() => registry.ObserveAsync(CancellationToken.None));

    public Task MarkGoneAsync(NodeRef gone, CancellationToken cancellationToken) =>
        CallAsync(() => Immediate.Told(registry.MarkGoneAsync(gone, CancellationToken.None)));

    public Task LeaveAsync(NodeRef entered, CancellationToken cancellationToken) =>
        CallAsync(() => Immediate.Told(registry.LeaveAsync(entered, CancellationToken.None)));

    private Task<T> CallAsync<T>(Func<Task<T>> work) => world.Database.CallAsync(node, () => work().GetAwaiter().GetResult());
}
