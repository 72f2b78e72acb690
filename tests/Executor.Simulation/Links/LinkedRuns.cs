using Executor.Credentials;
using Executor.Identity;
using Executor.Nodes;
using Executor.Runs;
using Executor.Simulation.Cluster;

namespace Executor.Simulation.Links;

internal sealed class LinkedRuns(NodeLink link, SimulatedNode node) : IRunStore
{
    private readonly IRunStore _store = node.Session.Runs;

    public Task<RunInsertion> InsertAsync(
        RunRow run, IReadOnlyList<StepDefinition> steps, IdempotencyKey? key, CancellationToken cancellationToken) =>
        link.CallAsync("insert run", () => _store.InsertAsync(run, steps, key, CancellationToken.None), 30, cancellationToken);

    public Task<RunRecord?> ReadAsync(RunId id, CancellationToken cancellationToken) => Read("read run", () => _store.ReadAsync(id, default), cancellationToken);

    public Task<RunRow?> FindAsync(RunId id, CancellationToken cancellationToken) => Read("find run", () => _store.FindAsync(id, default), cancellationToken);

    public Task<IReadOnlyList<RunRow>> ListAsync(UserId user, RunFilter filter, int limit, CancellationToken cancellationToken) =>
        Read("list runs", () => _store.ListAsync(user, filter, limit, default), cancellationToken);

    public Task<ReadyRuns> FindReadyAsync(
        int perUser, int limit, IReadOnlyCollection<McpServerId> saturated, CancellationToken cancellationToken) =>
        Sweep("find ready", () => _store.FindReadyAsync(perUser, limit, saturated, default), cancellationToken);

    public Task<IReadOnlyList<RunRecord>> ClaimAsync(
        IReadOnlyCollection<RunId> ids, NodeRef owner, CancellationToken cancellationToken)
    {
        RunId[] asked = [.. ids];
        return link.CallAsync("claim", () => _store.ClaimAsync(asked, owner, default), 20, cancellationToken, mayComeLate: true);
    }

    public Task<T> ChangeAsync<T>(
        RunId id, CredentialSeen? park, Func<RunLedger, RunDecision<T>> decide, CancellationToken cancellationToken) =>
        link.CallAsync("change run", () => _store.ChangeAsync(id, park, decide, default), 30, cancellationToken);

    public Task<T> ChangeAsync<T>(KnownRun known, Func<RunLedger, RunDecision<T>> decide, CancellationToken cancellationToken) =>
        link.CallAsync("change known run", () => _store.ChangeAsync(known, decide, default), 30, cancellationToken);

    public Task<IReadOnlyDictionary<int, string>> ReadResultsAsync(
        RunId id, IReadOnlyCollection<int> steps, CancellationToken cancellationToken) =>
        Read("read results", () => _store.ReadResultsAsync(id, steps, default), cancellationToken);

    public Task<int> ReleaseAsync(IReadOnlyCollection<NodeRef> lost, CancellationToken cancellationToken) =>
        link.CallAsync("release", () => _store.ReleaseAsync(lost, default), 20, cancellationToken, mayComeLate: true);

    public Task<IReadOnlyList<NodeRef>> FindOwnersAsync(CancellationToken cancellationToken) =>
        Sweep("find owners", () => _store.FindOwnersAsync(default), cancellationToken);

    public Task<IReadOnlyList<(RunId Id, long Fence)>> FindClaimsAsync(NodeRef owner, CancellationToken cancellationToken) =>
        Sweep("find claims", () => _store.FindClaimsAsync(owner, default), cancellationToken);

    public Task<int> PruneAsync(DateTimeOffset finishedBefore, int limit, CancellationToken cancellationToken) =>
        link.CallAsync("prune", () => _store.PruneAsync(finishedBefore, limit, default), 30, cancellationToken);

    private Task<T> Read<T>(string operation, Func<Task<T>> work, CancellationToken cancellationToken) =>
        link.CallAsync(operation, work, 200, cancellationToken);

    private Task<T> Sweep<T>(string operation, Func<Task<T>> work, CancellationToken cancellationToken) =>
        link.RoutineAsync(operation, work, 200, cancellationToken);
}
