using Executor.Credentials;
using Executor.Nodes;
using Executor.Runs;
using Executor.Simulation.Cluster;
using Executor.Simulation.Worlds;

namespace Executor.Simulation.Mutants;

/// <summary>Whoever is about to claim a run decides what its user has to: the step is tried again, whatever its call may have done.</summary>
internal sealed class UnaskedDecision : Mutation
{
    public override IRunStore Runs(IRunStore store, World world, SimulatedNode node) => new Store(store);

    private sealed class Store(IRunStore store) : LyingRuns(store)
    {
        public override async Task<IReadOnlyList<RunRecord>> ClaimAsync(
            IReadOnlyCollection<RunId> ids, NodeRef owner, CancellationToken cancellationToken)
        {
            foreach (var id in ids)
            {
                await ChangeAsync(
                    id,
                    park: null,
                    ledger => ledger is { Run: { Status: RunStatus.Pending } run, Current: { Status: StepStatus.Executing } current }
                        ? new RunDecision<bool>(true, run, [current with { Status = StepStatus.Pending }])
                        : new RunDecision<bool>(false),
                    cancellationToken);
            }

            return await base.ClaimAsync(ids, owner, cancellationToken);
        }
    }
}

/// <summary>A user's decision is taken although a node is at the run.</summary>
internal sealed class DecisionBesideTheDriver : Mutation
{
    public override IRunStore Runs(IRunStore store, World world, SimulatedNode node) => new Store(store);

    private sealed class Store(IRunStore store) : LyingRuns(store)
    {
        public override Task<T> ChangeAsync<T>(
            RunId id, CredentialSeen? park, Func<RunLedger, RunDecision<T>> decide, CancellationToken cancellationToken) =>
            base.ChangeAsync(id, park, ledger => decide(typeof(T) == typeof(TriggerOutcome?) ? Waiting(ledger) : ledger), cancellationToken);

        private static RunLedger Waiting(RunLedger ledger) => ledger.Run is { Status: RunStatus.Running } run
            ? ledger with { Run = run with { Status = RunStatus.Pending, NotBefore = ledger.Now } }
            : ledger;
    }
}
