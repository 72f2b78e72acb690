using Executor.Credentials;
using Executor.Identity;
using Executor.Nodes;
using Executor.Runs;
using Executor.Simulation.Cluster;
using Executor.Simulation.Worlds;

namespace Executor.Simulation.Mutants;

internal abstract class LyingRuns(IRunStore store) : IRunStore
{
    public Task<RunInsertion> InsertAsync(
        RunRow run, IReadOnlyList<StepDefinition> steps, IdempotencyKey? key, CancellationToken cancellationToken) =>
        store.InsertAsync(run, steps, key, cancellationToken);

    public Task<RunRecord?> ReadAsync(RunId id, CancellationToken cancellationToken) => store.ReadAsync(id, cancellationToken);

    public Task<RunRow?> FindAsync(RunId id, CancellationToken cancellationToken) => store.FindAsync(id, cancellationToken);

    public Task<IReadOnlyList<RunRow>> ListAsync(UserId user, RunFilter filter, int limit, CancellationToken cancellationToken) =>
        store.ListAsync(user, filter, limit, cancellationToken);

    public virtual Task<ReadyRuns> FindReadyAsync(
        int perUser, int limit, IReadOnlyCollection<McpServerId> saturated, CancellationToken cancellationToken) =>
        store.FindReadyAsync(perUser, limit, saturated, cancellationToken);

    public virtual Task<IReadOnlyList<RunRecord>> ClaimAsync(
        IReadOnlyCollection<RunId> ids, NodeRef owner, CancellationToken cancellationToken) =>
        store.ClaimAsync(ids, owner, cancellationToken);

    public virtual Task<T> ChangeAsync<T>(
        RunId id, CredentialSeen? park, Func<RunLedger, RunDecision<T>> decide, CancellationToken cancellationToken) =>
        store.ChangeAsync(id, park, ledger => Told(ledger, decide(ledger)), cancellationToken);

    public virtual Task<T> ChangeAsync<T>(KnownRun known, Func<RunLedger, RunDecision<T>> decide, CancellationToken cancellationToken) =>
        ChangeAsync(known.Run.Id, park: null, decide, cancellationToken);

    public Task<IReadOnlyDictionary<int, string>> ReadResultsAsync(
        RunId id, IReadOnlyCollection<int> steps, CancellationToken cancellationToken) =>
        store.ReadResultsAsync(id, steps, cancellationToken);

    public Task<int> ReleaseAsync(IReadOnlyCollection<NodeRef> lost, CancellationToken cancellationToken) => store.ReleaseAsync(lost, cancellationToken);

    public virtual Task<IReadOnlyList<NodeRef>> FindOwnersAsync(CancellationToken cancellationToken) => store.FindOwnersAsync(cancellationToken);

    public virtual Task<IReadOnlyList<(RunId Id, long Fence)>> FindClaimsAsync(NodeRef owner, CancellationToken cancellationToken) =>
        store.FindClaimsAsync(owner, cancellationToken);

    public Task<int> PruneAsync(DateTimeOffset finishedBefore, int limit, CancellationToken cancellationToken) =>
        store.PruneAsync(finishedBefore, limit, cancellationToken);

    protected virtual RunDecision<T> Told<T>(RunLedger ledger, RunDecision<T> decision) => decision;
}

/// <summary>A run parks although its credential has changed since: its wake-up has been and gone.</summary>
internal sealed class LostWakeUp : Mutation
{
    public override IRunStore Runs(IRunStore store, World world, SimulatedNode node) => new Store(store);

    private sealed class Store(IRunStore store) : LyingRuns(store)
    {
        public override Task<T> ChangeAsync<T>(
            RunId id, CredentialSeen? park, Func<RunLedger, RunDecision<T>> decide, CancellationToken cancellationToken) =>
            base.ChangeAsync(id, park, ledger => decide(ledger with { StillAsSeen = true }), cancellationToken);
    }
}

/// <summary>A node's moves are taken although its claim is over.</summary>
internal sealed class NoFence : Mutation
{
    public override IRunStore Runs(IRunStore store, World world, SimulatedNode node) => new Store(store);

    private sealed class Store(IRunStore store) : LyingRuns(store)
    {
        private readonly Dictionary<RunId, RunRow> _claims = [];

        public override async Task<IReadOnlyList<RunRecord>> ClaimAsync(
            IReadOnlyCollection<RunId> ids, NodeRef owner, CancellationToken cancellationToken)
        {
            var claimed = await base.ClaimAsync(ids, owner, cancellationToken);
            foreach (var run in claimed)
                _claims[run.Run.Id] = run.Run;
            return claimed;
        }

        public override Task<T> ChangeAsync<T>(
            RunId id, CredentialSeen? park, Func<RunLedger, RunDecision<T>> decide, CancellationToken cancellationToken) => base.ChangeAsync(
                id,
                park,
                ledger =>
                {
                    if (ledger.Run is not { Status: RunStatus.Running or RunStatus.Pending } run || !_claims.TryGetValue(id, out var claim))
                        return decide(ledger);
                    var decision = decide(ledger with { Run = run with { Status = RunStatus.Running, Owner = claim.Owner, Fence = claim.Fence } });
                    return decision with { Run = decision.Run is { } decided ? decided with { Fence = run.Fence } : null };
                },
                cancellationToken);
    }
}

/// <summary>Whoever claims a run is not told that its step was begun.</summary>
internal sealed class ForgottenJournal : Mutation
{
    public override IRunStore Runs(IRunStore store, World world, SimulatedNode node) => new Store(store);

    private sealed class Store(IRunStore store) : LyingRuns(store)
    {
        public override async Task<IReadOnlyList<RunRecord>> ClaimAsync(
            IReadOnlyCollection<RunId> ids, NodeRef owner, CancellationToken cancellationToken) =>
            [.. (await base.ClaimAsync(ids, owner, cancellationToken)).Select(record =>
                record with { Steps = [.. record.Steps.Select(step => step.Status == StepStatus.Executing ? step with { Status = StepStatus.Pending } : step)] })];
    }
}
