using Executor.Credentials;
using Executor.Nodes;
using Executor.Runs;
using Executor.Simulation.Cluster;
using Executor.Simulation.Worlds;

namespace Executor.Simulation.Mutants;

/// <summary>Nobody looks for runs whose owner is lost, nor for claims that nobody works on.</summary>
internal sealed class ForgottenClaims : Mutation
{
    public override IRunStore Runs(IRunStore store, World world, SimulatedNode node) => new Store(store);

    private sealed class Store(IRunStore store) : LyingRuns(store)
    {
        public override Task<IReadOnlyList<NodeRef>> FindOwnersAsync(CancellationToken cancellationToken) => Task.FromResult<IReadOnlyList<NodeRef>>([]);

        public override Task<IReadOnlyList<(RunId Id, long Fence)>> FindClaimsAsync(NodeRef owner, CancellationToken cancellationToken) =>
            Task.FromResult<IReadOnlyList<(RunId Id, long Fence)>>([]);
    }
}

/// <summary>A run waits, and nobody is told for what.</summary>
internal sealed class NamelessWait : Mutation
{
    public override IRunStore Runs(IRunStore store, World world, SimulatedNode node) => new Store(store);

    private sealed class Store(IRunStore store) : LyingRuns(store)
    {
        protected override RunDecision<T> Told<T>(RunLedger ledger, RunDecision<T> decision) =>
            decision.Run is { Status: RunStatus.AwaitingInput } run ? decision with { Run = run with { AwaitingReason = AwaitingReason.None } } : decision;
    }
}

/// <summary>A run that parks is woken by nothing.</summary>
internal sealed class CauselessWake : Mutation
{
    public override IRunStore Runs(IRunStore store, World world, SimulatedNode node) => new Store(store);

    private sealed class Store(IRunStore store) : WakefulRuns(store)
    {
        protected override bool WakesAgain(RunId parked) => true;
    }
}

/// <summary>What a user has asked for once is done again when the run has parked again.</summary>
internal sealed class DoubleWake : Mutation
{
    public override IRunStore Runs(IRunStore store, World world, SimulatedNode node) => new Store(store);

    private sealed class Store(IRunStore store) : WakefulRuns(store)
    {
        private readonly HashSet<RunId> _triggered = [];

        protected override RunDecision<T> Told<T>(RunLedger ledger, RunDecision<T> decision)
        {
            if (ledger.Run is { Status: RunStatus.AwaitingInput } && decision.Run is { Status: RunStatus.Pending } run)
                _triggered.Add(run.Id);
            return base.Told(ledger, decision);
        }

        protected override bool WakesAgain(RunId parked) => _triggered.Remove(parked);
    }
}

internal abstract class WakefulRuns(IRunStore store) : LyingRuns(store)
{
    private readonly List<RunId> _parked = [];

    public override async Task<ReadyRuns> FindReadyAsync(
        int perUser, int limit, IReadOnlyCollection<Identity.McpServerId> saturated, CancellationToken cancellationToken)
    {
        foreach (var id in _parked.ToList())
        {
            await ChangeAsync(
                id,
                park: null,
                ledger => ledger.Run is { Status: RunStatus.AwaitingInput } run
                    ? new RunDecision<bool>(true, run with { Status = RunStatus.Pending, AwaitingReason = AwaitingReason.None, AwaitedServer = null })
                    : new RunDecision<bool>(false),
                cancellationToken);
            _parked.Remove(id);
        }

        return await base.FindReadyAsync(perUser, limit, saturated, cancellationToken);
    }

    protected abstract bool WakesAgain(RunId parked);

    protected override RunDecision<T> Told<T>(RunLedger ledger, RunDecision<T> decision)
    {
        if (decision.Run is { Status: RunStatus.AwaitingInput } run && WakesAgain(run.Id))
            _parked.Add(run.Id);
        return decision;
    }
}

/// <summary>What was done is written down as still to be done when the run moves on.</summary>
internal sealed class UndoneStep : Mutation
{
    public override IRunStore Runs(IRunStore store, World world, SimulatedNode node) => new Store(store);

    private sealed class Store(IRunStore store) : LyingRuns(store)
    {
        private readonly Dictionary<RunId, StepRow> _done = [];

        protected override RunDecision<T> Told<T>(RunLedger ledger, RunDecision<T> decision)
        {
            if (decision.Run is not { } run)
                return decision;
            if (_done.Remove(run.Id, out var step))
                return decision with { Steps = [.. decision.Steps ?? [], step with { Status = StepStatus.Pending }] };
            if (decision.Steps?.FirstOrDefault(step => step.Status == StepStatus.Succeeded) is { } done && run.Status == RunStatus.Running)
                _done[run.Id] = done;
            return decision;
        }
    }
}

/// <summary>What a driver knows of its run is believed, whatever has become of it.</summary>
internal sealed class StaleKnowledge : Mutation
{
    public override IRunStore Runs(IRunStore store, World world, SimulatedNode node) => new Store(store);

    private sealed class Store(IRunStore store) : LyingRuns(store)
    {
        public override Task<T> ChangeAsync<T>(KnownRun known, Func<RunLedger, RunDecision<T>> decide, CancellationToken cancellationToken) => ChangeAsync(
            known.Run.Id,
            park: null,
            ledger =>
            {
                var decision = decide(ledger with { Run = known.Run, Current = known.Current });
                return decision.Run is { } decided ? decision with { Run = decided with { Fence = ledger.Run!.Fence } } : decision;
            },
            cancellationToken);
    }
}
