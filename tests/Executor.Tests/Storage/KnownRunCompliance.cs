using Executor.Credentials;
using Executor.Identity;
using Executor.Nodes;
using Executor.Runs;
using Executor.Runs.Transitions;
using Executor.Simulation.Store;
using Executor.Tests.Infrastructure;

namespace Executor.Tests.Storage;

/// <summary>Changes decided on what their caller knows: right, they are written at once; wrong, they are decided on what is there.</summary>
public abstract class KnownRunCompliance : StorageTest
{
    private static readonly NodeRef Owner = new("a", 1);

    [ComplianceFact]
    public async Task Right_knowledge_is_decided_on_once_and_leaves_a_stored_result_alone()
    {
        var known = await ClaimAsync(steps: 3);
        var shown = new List<RunLedger>();
        Assert.Equal("first", await Runs.ChangeAsync(known, Complete("first", """{"r":0}""", shown), None));
        known = await KnownAsync(known);
        Assert.Equal("second", await Runs.ChangeAsync(known, Complete("second", result: null, shown), None));

        Assert.Equal([0, 1], shown.Select(ledger => ledger.Run!.Position));
        Assert.All(shown, ledger => Assert.Equal((Clock.GetUtcNow(), true), (ledger.Now, ledger.StillAsSeen)));
        var read = (await Runs.ReadAsync(known.Run.Id, None))!;
        Assert.Equal((2, 3L), (read.Run.Position, read.Run.Version));
        Assert.Equal([StepStatus.Succeeded, StepStatus.Succeeded, StepStatus.Pending], read.Steps.Select(step => step.Status));
        Assert.Equal(["""{"r":0}""", null, null], read.Steps.Select(step => step.Result));

        // Its own result is stored too; it is not taken away by an entry that brings none.
        await Runs.ChangeAsync(await KnownAsync(known), ledger => new RunDecision<bool>(true, ledger.Run, [read.Steps[0] with { Result = null }]), None);
        Assert.Equal("""{"r":0}""", (await Runs.ReadAsync(known.Run.Id, None))!.Steps[0].Result);
    }

    [ComplianceFact]
    public async Task Every_column_that_a_decision_may_write_is_written()
    {
        var known = await ClaimAsync(steps: 1);
        var row = known.Run with
        {
            Status = RunStatus.AwaitingInput,
            Position = 1,
            NextServer = McpServerId.From("next"),
            AwaitingReason = AwaitingReason.NeedsOAuthReauth,
            AwaitedServer = McpServerId.From("awaited"),
            NotBefore = Clock.GetUtcNow().AddMilliseconds(1),
            BlockedSince = Clock.GetUtcNow().AddMilliseconds(2),
            BlockedReason = new BlockedReason("invalid_scope"),
            CancelRequested = true,
            Owner = null,
            Fence = known.Run.Fence + 5,
            UpdatedAt = Clock.GetUtcNow().AddMilliseconds(3),
            FinishedAt = Clock.GetUtcNow().AddMilliseconds(4),
        };
        var step = known.Current! with { Status = StepStatus.Failed, Attempts = 3, Error = new StepError("code", "message", true), Result = "{}" };
        step = step with
        {
            StartedAt = Clock.GetUtcNow().AddMilliseconds(5),
            FinishedAt = Clock.GetUtcNow().AddMilliseconds(6),
            Interruption = Interruption.UnreadableAnswer,
        };
        await Runs.ChangeAsync(known, _ => new RunDecision<bool>(true, row, [step]), None);

        var read = (await Runs.ReadAsync(row.Id, None))!;
        Assert.Equal(row with { Version = known.Run.Version + 1 }, read.Run);
        Assert.Equal(step, Assert.Single(read.Steps));
    }

    [ComplianceFact]
    public async Task Stale_knowledge_is_forgotten_and_the_row_decided_on()
    {
        var known = await ClaimAsync(steps: 3);
        await ChangeRunAsync(known.Run.Id, row => row with { Position = 1 });

        Assert.True(await Runs.ChangeAsync(known, ledger => new RunDecision<bool>(true, ledger.Run! with { Position = ledger.Run.Position + 1 }), None));
        var read = await RunAsync(known.Run.Id);
        Assert.Equal((2, known.Run.Version + 2), (read.Position, read.Version));

        var gone = new RunId(Guid.NewGuid());
        Assert.Null(await Runs.ChangeAsync(
            new KnownRun(known.Run with { Id = gone }, null), ledger => new RunDecision<RunRow?>(ledger.Run, ledger.Run), None));
    }

    [ComplianceFact]
    public async Task Cancellation_meanwhile_is_heeded()
    {
        var known = await ClaimAsync(steps: 2);
        Assert.Equal(CancelOutcome.Requested, await Runs.ChangeAsync(known.Run.Id, null, ledger => UserMoves.Cancel(ledger, known.Run.User), None));

        var executing = known.Current! with { Status = StepStatus.Executing, Attempts = 1 };
        Assert.Equal(MoveOutcome.Ended, await Runs.ChangeAsync(known, ledger => DriverMoves.Begin(ledger, executing), None));
        var read = (await Runs.ReadAsync(known.Run.Id, None))!;
        Assert.Equal((RunStatus.Cancelled, StepStatus.Cancelled), (read.Run.Status, read.Steps[0].Status));
    }

    [ComplianceFact]
    public async Task Decision_to_write_nothing_is_taken_on_what_is_there()
    {
        var known = await ClaimAsync(steps: 1);
        await ChangeRunAsync(known.Run.Id, row => row with { Position = 1 });
        Assert.Equal(1, await Runs.ChangeAsync(known, ledger => new RunDecision<int>(ledger.Run!.Position), None));
        Assert.Equal(known.Run.Version + 1, (await RunAsync(known.Run.Id)).Version);
    }

    [ComplianceFact]
    public async Task Many_at_once_are_each_written_once_the_stale_on_what_is_there()
    {
        var all = await Task.WhenAll(Enumerable.Range(0, 60).Select(_ => ClaimAsync(steps: 3)));
        foreach (var stale in all.Where((_, n) => n % 3 == 0))
            await ChangeRunAsync(stale.Run.Id, row => row with { Position = 1 });

        await Task.WhenAll(all.Select((known, n) => Runs.ChangeAsync(known, Complete("done", $$"""{"of":{{n}}}"""), None)));

        for (var n = 0; n < all.Length; n++)
        {
            var (read, at) = ((await Runs.ReadAsync(all[n].Run.Id, None))!, n % 3 == 0 ? 1 : 0);
            Assert.Equal((at + 1, all[n].Run.Version + at + 1), (read.Run.Position, read.Run.Version));
            Assert.Equal($$"""{"of":{{n}}}""", Assert.Single(read.Steps, step => step.Result is not null).Result);
            Assert.Equal(StepStatus.Succeeded, read.Steps[at].Status);
        }
    }

    [ComplianceFact]
    public async Task Many_of_one_run_at_once_each_see_the_one_before()
    {
        var known = await ClaimAsync(steps: 1);
        await Task.WhenAll(Enumerable.Range(0, 60).Select(_ => Runs.ChangeAsync(
            known, ledger => new RunDecision<bool>(true, ledger.Run! with { Position = ledger.Run.Position + 1 }), None)));
        var read = await RunAsync(known.Run.Id);
        Assert.Equal((60, known.Run.Version + 60), (read.Position, read.Version));
    }

    [ComplianceFact]
    public async Task Moves_cancellations_and_releases_at_once_come_to_an_end_and_no_zombie_moves()
    {
        var all = await Task.WhenAll(Enumerable.Range(0, 60).Select(_ => ClaimAsync(steps: 2)));
        var moves = Task.WhenAll(all.Select(known => Runs.ChangeAsync(
            known,
            ledger => new RunClaim(known.Run.Id, Owner, known.Run.Fence).Holds(ledger.Run)
                ? Complete("moved")(ledger)
                : new RunDecision<string>("refused"),
            None)));
        var cancels = Task.WhenAll(all.Reverse().Select(known =>
            Runs.ChangeAsync(known.Run.Id, null, ledger => UserMoves.Cancel(ledger, known.Run.User), None)));
        var releases = Task.WhenAll(Enumerable.Range(0, 4).Select(_ => Runs.ReleaseAsync([Owner], None)));
        var outcomes = await moves;
        await Task.WhenAll(cancels, releases);

        for (var n = 0; n < all.Length; n++)
        {
            var read = (await Runs.ReadAsync(all[n].Run.Id, None))!;
            Assert.Equal(outcomes[n] == "moved" ? 1 : 0, read.Run.Position);
            Assert.Equal(outcomes[n] == "moved", read.Steps[0].Status == StepStatus.Succeeded);
        }
    }

    [ComplianceFact]
    public async Task Move_that_the_database_refuses_takes_no_other_with_it()
    {
        var all = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => ClaimAsync(steps: 2)));
        var changes = all.Select((known, n) => n == 7
            ? Runs.ChangeAsync(known, ledger => new RunDecision<string>("", ledger.Run! with { Owner = null, Position = 1 }), None)
            : Runs.ChangeAsync(known, Complete("done"), None)).ToList();

        await Assert.ThrowsAnyAsync<Exception>(() => changes[7]);
        for (var n = 0; n < all.Length; n++)
        {
            if (n != 7)
                Assert.Equal("done", await changes[n]);
            Assert.Equal(n == 7 ? 0 : 1, (await RunAsync(all[n].Run.Id)).Position);
        }
    }

    [ComplianceFact]
    public async Task Decision_may_neither_lower_the_fence_nor_write_another_run_nor_a_journal_alone()
    {
        var known = await ClaimAsync(steps: 1);
        var other = await ClaimAsync(steps: 1);
        await RefusedAsync(new RunDecision<bool>(true, known.Run with { Fence = 0 }));
        await RefusedAsync(new RunDecision<bool>(true, other.Run));
        await RefusedAsync(new RunDecision<bool>(true, null, [known.Current!]));
        Assert.Equal((known.Run, other.Run), (await RunAsync(known.Run.Id), await RunAsync(other.Run.Id)));

        Task RefusedAsync(RunDecision<bool> decision) =>
            Assert.ThrowsAsync<InvalidOperationException>(() => Runs.ChangeAsync(known, _ => decision, None));
    }

    [ComplianceFact]
    public async Task Change_is_announced_and_a_pending_run_calls_for_a_node()
    {
        var known = await ClaimAsync(steps: 1);
        var heard = new Signals<Change>();
        using var subscription = Host.Changes.Subscribe(heard.Add);
        await Runs.ChangeAsync(known, ledger => DriverMoves.GiveBack(ledger, known.Current!), None);
        await heard.WaitForAsync(change => change == new Change.Run(known.Run.Id, known.Run.User));
        await heard.WaitForAsync(change => change is Change.RunsReady);
        Assert.Equal([known.Run.Id], (await Runs.FindReadyAsync(1, 1, [], None)).Runs.Select(ready => ready.Id));
    }

    /// <summary>The current step ends well, whichever it is.</summary>
    private static Func<RunLedger, RunDecision<string>> Complete(string answer, string? result = null, List<RunLedger>? shown = null) => ledger =>
    {
        shown?.Add(ledger);
        var done = ledger.Current! with { Status = StepStatus.Succeeded, Result = result };
        return new(answer, ledger.Run! with { Position = ledger.Run.Position + 1 }, [done]);
    };

    private async Task<KnownRun> ClaimAsync(int steps)
    {
        var run = await InsertRunAsync(1, steps: steps);
        var claimed = Assert.Single(await Runs.ClaimAsync([run.Id], Owner, None));
        return new KnownRun(claimed.Run, claimed.Steps[0]);
    }

    private async Task<KnownRun> KnownAsync(KnownRun before)
    {
        var read = (await Runs.ReadAsync(before.Run.Id, None))!;
        return new KnownRun(read.Run, read.Run.Position < read.Steps.Count ? read.Steps[read.Run.Position] with { Result = null } : null);
    }
}

public sealed class SqliteFileKnownRunTests : KnownRunCompliance
{
    protected override Task<StorageBackend> CreateBackendAsync() => Task.FromResult<StorageBackend>(new SqliteFileBackend());
}

public sealed class SqliteMemoryKnownRunTests : KnownRunCompliance
{
    protected override Task<StorageBackend> CreateBackendAsync() => Task.FromResult<StorageBackend>(new SqliteMemoryBackend());
}

public sealed class ModelKnownRunTests : KnownRunCompliance
{
    protected override Task<StorageBackend> CreateBackendAsync() => Task.FromResult<StorageBackend>(new ModelBackend(ModelFlavour.Postgres));
}

[NeedsPostgres]
public sealed class PostgresKnownRunTests : KnownRunCompliance
{
    protected override async Task<StorageBackend> CreateBackendAsync() => await PostgresBackend.CreateAsync();
}
