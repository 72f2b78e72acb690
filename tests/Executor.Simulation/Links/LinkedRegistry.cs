using Executor.Nodes;
using Executor.Simulation.Cluster;
using Executor.Simulation.Store;

namespace Executor.Simulation.Links;

internal sealed class LinkedRegistry(NodeLink link, SimulatedNode node) : INodeRegistry
{
    private const int Seldom = 300;

    private readonly INodeRegistry _registry = node.Session.Nodes;

    public Task<NodeRef> EnterAsync(string name, CancellationToken cancellationToken) => link.CallAsync(
        "enter",
        async () =>
        {
            var entered = await _registry.EnterAsync(name, CancellationToken.None);
            node.Incarnations.Add(entered.Incarnation);
            return entered;
        },
        int.MaxValue, // whoever does not learn its incarnation lets its lock go; the model's own commits may fail
        cancellationToken);

    public bool HoldsLock(NodeRef entered) => _registry.HoldsLock(entered);

    public Task<bool> RetakeLockAsync(NodeRef entered, CancellationToken cancellationToken) =>
        link.CallAsync("retake lock", () => _registry.RetakeLockAsync(entered, CancellationToken.None), 20, cancellationToken);

    public Task BeatAsync(NodeRef entered, CancellationToken cancellationToken) =>
        link.RoutineAsync("beat", () => Immediate.Told(_registry.BeatAsync(entered, CancellationToken.None)), Seldom, cancellationToken);

    public Task<IReadOnlyList<NodeSighting>> ObserveAsync(CancellationToken cancellationToken) =>
        link.RoutineAsync("observe", () => _registry.ObserveAsync(CancellationToken.None), Seldom, cancellationToken);

    public Task MarkGoneAsync(NodeRef gone, CancellationToken cancellationToken) =>
        CallAsync("mark gone", () => _registry.MarkGoneAsync(gone, CancellationToken.None), cancellationToken);

    public Task LeaveAsync(NodeRef entered, CancellationToken cancellationToken) =>
        CallAsync("leave", () => _registry.LeaveAsync(entered, CancellationToken.None), cancellationToken);

    private Task<bool> CallAsync(string operation, Func<Task> work, CancellationToken cancellationToken) =>
        link.CallAsync(operation, () => Immediate.Told(work()), Seldom, cancellationToken);
}
