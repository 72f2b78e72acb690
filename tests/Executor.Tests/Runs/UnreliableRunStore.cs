using Executor.Identity;
using Executor.Nodes;
using Executor.Runs;
using Executor.Tests.Infrastructure;

namespace Executor.Tests.Runs;

/// <summary>A real store behind a connection that breaks, and that counts.</summary>
internal sealed class UnreliableRunStore(IRunStore inner) : IRunStore
{
    private int _changes;
    private int _faults;

    /// <summary>Asked before each change; also told what the change led to.</summary>
    public Func<RunLedger, RunRow?, CommitFault> Fault { get; set; } = (_, _) => CommitFault.None;

    public CommitFault FailClaims { get; set; }

    /// <summary>Changes that wrote.</summary>
    public int Changes => Volatile.Read(ref _changes);

    public int Faults => Volatile.Read(ref _faults);

    public Task<T> ChangeAsync<T>(
        RunId id, CredentialSeen? park, Func<RunLedger, RunDecision<T>> decide, CancellationToken cancellationToken) =>
        ChangeAsync(faulty => inner.ChangeAsync(id, park, faulty, cancellationToken), decide);

    public Task<T> ChangeAsync<T>(KnownRun known, Func<RunLedger, RunDecision<T>> decide, CancellationToken cancellationToken) =>
        ChangeAsync(faulty => inner.ChangeAsync(known, faulty, cancellationToken), decide);

    public async Task<IReadOnlyList<RunRecord>> ClaimAsync(
        IReadOnlyCollection<RunId> ids, NodeRef owner, CancellationToken cancellationToken)
    {
        var fault = FailClaims;
        FailClaims = CommitFault.None;
        if (fault == CommitFault.BeforeCommit)
            throw new StoreUnavailableException();
        var claimed = await inner.ClaimAsync(ids, owner, cancellationToken);
        return fault == CommitFault.AfterCommit ? throw new StoreUnavailableException() : claimed;
    }

    public Task<RunInsertion> InsertAsync(
        RunRow run, IReadOnlyList<StepDefinition> steps, IdempotencyKey? key, CancellationToken cancellationToken) =>
        inner.InsertAsync(run, steps, key, cancellationToken);

    public Task<RunRecord?> ReadAsync(RunId id, CancellationToken cancellationToken) => inner.ReadAsync(id, cancellationToken);

    public Task<RunRow?> FindAsync(RunId id, CancellationToken cancellationToken) => inner.FindAsync(id, cancellationToken);

    public Task<IReadOnlyList<RunRow>> ListAsync(UserId user, RunFilter filter, int limit, CancellationToken cancellationToken) =>
        inner.ListAsync(user, filter, limit, cancellationToken);

    public Task<ReadyRuns> FindReadyAsync(
        int perUser, int limit, IReadOnlyCollection<McpServerId> saturated, CancellationToken cancellationToken) =>
        inner.FindReadyAsync(perUser, limit, saturated, cancellationToken);

    public Task<IReadOnlyDictionary<int, string>> ReadResultsAsync(
        RunId id, IReadOnlyCollection<int> steps, CancellationToken cancellationToken) =>
        inner.ReadResultsAsync(id, steps, cancellationToken);

    public Task<int> ReleaseAsync(IReadOnlyCollection<NodeRef> lost, CancellationToken cancellationToken) =>
        inner.ReleaseAsync(lost, cancellationToken);

    public Task<IReadOnlyList<NodeRef>> FindOwnersAsync(CancellationToken cancellationToken) => inner.FindOwnersAsync(cancellationToken);

    public Task<IReadOnlyList<(RunId Id, long Fence)>> FindClaimsAsync(NodeRef owner, CancellationToken cancellationToken) =>
        inner.FindClaimsAsync(owner, cancellationToken);

    public Task<int> PruneAsync(DateTimeOffset finishedBefore, int limit, CancellationToken cancellationToken) =>
        inner.PruneAsync(finishedBefore, limit, cancellationToken);

    private async Task<T> ChangeAsync<T>(
        Func<Func<RunLedger, RunDecision<T>>, Task<T>> change, Func<RunLedger, RunDecision<T>> decide)
    {
        CommitFault? fault = null;
        var wrote = false;
        var result = await change(ledger =>
        {
            // Decided again, it is still the same change.
            var decision = decide(ledger);
            fault ??= Fault(ledger, decision.Run);
            wrote = decision.Run is not null && fault != CommitFault.BeforeCommit;
            return fault == CommitFault.BeforeCommit ? new RunDecision<T>(decision.Result) : decision;
        });
        if (wrote)
            Interlocked.Increment(ref _changes);
        if (fault is null or CommitFault.None)
            return result;
        Interlocked.Increment(ref _faults);
        throw new StoreUnavailableException();
    }
}
