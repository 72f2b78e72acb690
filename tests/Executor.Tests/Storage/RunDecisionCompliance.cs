using Executor.Nodes;
using Executor.Runs;
using Executor.Runs.Transitions;
using Executor.Simulation.Store;
using Executor.Tests.Infrastructure;

namespace Executor.Tests.Storage;

/// <summary>A user's decision about a run that nobody is at, and a node that claims the run at the same moment: one of them comes first.</summary>
public abstract class RunDecisionCompliance : StorageTest
{
    private static readonly NodeRef Owner = new("a", 1);

    [ComplianceFact]
    public async Task Times_and_the_interruption_of_a_step_survive_the_round_trip()
    {
        var run = await InterruptedAsync();
        var read = await ReadAsync(run);
        var expected = new StepRow
        {
            Index = 0,
            Definition = read.Steps[0].Definition,
            Status = StepStatus.Executing,
            Attempts = 1,
            StartedAt = Clock.GetUtcNow(),
            Interruption = Interruption.TimedOut,
        };
        Assert.Equal(expected, read.Steps[0]);
        Assert.Equal((null, null, null), (read.Steps[1].StartedAt, read.Steps[1].FinishedAt, read.Steps[1].Interruption));

        await TriggerAsync(run, TriggerAction.Skip, read);
        var skipped = (await ReadAsync(run)).Steps[0];
        Assert.Equal((StepStatus.Skipped, Clock.GetUtcNow()), (skipped.Status, skipped.FinishedAt));
    }

    [ComplianceFact]
    public async Task Decision_and_claim_at_once_come_one_after_the_other()
    {
        for (var n = 0; n < 20; n++)
        {
            var action = n % 2 == 0 ? TriggerAction.Retry : TriggerAction.Skip;
            var run = await InterruptedAsync();
            var read = await ReadAsync(run);
            var claim = Task.Run(() => Runs.ClaimAsync([run], Owner, None));
            var trigger = Task.Run(() => TriggerAsync(run, action, read));
            await Task.WhenAll(claim, trigger);
            var after = await ReadAsync(run);
            var record = (await claim).SingleOrDefault();

            if (await trigger == TriggerOutcome.AlreadyRunning)
                Assert.Equal((StepStatus.Executing, StepStatus.Executing), (record!.Steps[0].Status, after.Steps[0].Status));
            else
                Assert.Equal(action == TriggerAction.Retry ? StepStatus.Pending : StepStatus.Skipped, after.Steps[0].Status);

            // Whoever has claimed it knows what was decided.
            if (record is not null)
                Assert.Equal((after.Steps[0].Status, after.Run.Position, RunStatus.Running), (record.Steps[0].Status, record.Run.Position, after.Run.Status));
        }
    }

    /// <summary>Given back in mid-call.</summary>
    private async Task<RunId> InterruptedAsync()
    {
        var run = NewRow(1, steps: 2);
        await Runs.InsertAsync(run, Steps(2), null, None);
        var claimed = Assert.Single(await Runs.ClaimAsync([run.Id], Owner, None));
        var executing = claimed.Steps[0] with { Status = StepStatus.Executing, Attempts = 1 };
        await Runs.ChangeAsync(run.Id, null, ledger => DriverMoves.Begin(ledger, executing), None);
        await Runs.ChangeAsync(
            run.Id, null, ledger => DriverMoves.GiveBack(ledger, ledger.Current! with { Interruption = Interruption.TimedOut }), None);
        return run.Id;
    }

    private async Task<RunRecord> ReadAsync(RunId run) => (await Runs.ReadAsync(run, None))!;

    private async Task<TriggerOutcome> TriggerAsync(RunId run, TriggerAction action, RunRecord read) => (await Runs.ChangeAsync(
        run, null, ledger => UserMoves.Trigger(ledger, read.Run.User, action, read.Run.Position, read.Steps[1].Definition), None))!.Value;
}

public sealed class SqliteFileRunDecisionTests : RunDecisionCompliance
{
    protected override Task<StorageBackend> CreateBackendAsync() => Task.FromResult<StorageBackend>(new SqliteFileBackend());
}

public sealed class ModelRunDecisionTests : RunDecisionCompliance
{
    protected override Task<StorageBackend> CreateBackendAsync() => Task.FromResult<StorageBackend>(new ModelBackend(ModelFlavour.Sqlite));
}

[NeedsPostgres]
public sealed class PostgresRunDecisionTests : RunDecisionCompliance
{
    protected override async Task<StorageBackend> CreateBackendAsync() => await PostgresBackend.CreateAsync();
}
