using Executor.Credentials;
using Executor.Identity;
using Executor.Nodes;
using Executor.Runs;
using Executor.Simulation.Store;
using Executor.Tests.Infrastructure;

namespace Executor.Tests.Storage;

public abstract class RunStoreCompliance : StorageTest
{
    private static readonly NodeRef Owner = new("a", 1);

    [ComplianceFact]
    public async Task Read_of_an_unknown_run_is_null() => Assert.Null(await Runs.ReadAsync(new RunId(Guid.NewGuid()), None));

    [ComplianceFact]
    public async Task Every_column_survives_the_round_trip()
    {
        var now = Clock.GetUtcNow();
        var row = NewRow(long.MaxValue, steps: 2) with
        {
            Name = "ünï 😀",
            Status = RunStatus.Running,
            Position = 1,
            NextServer = McpServerId.From("next"),
            AwaitingReason = AwaitingReason.Interrupted,
            AwaitedServer = McpServerId.From("awaited"),
            NotBefore = now.AddMilliseconds(1),
            BlockedSince = now.AddMilliseconds(2),
            BlockedReason = new BlockedReason("invalid_scope"),
            CancelRequested = true,
            Owner = new NodeRef("node", long.MaxValue),
            Fence = 3,
            Version = 4,
            UpdatedAt = now.AddMilliseconds(5),
            FinishedAt = now.AddMilliseconds(6),
        };
        StepDefinition[] steps =
        [
            new("first", McpServerId.From("s/%"), "tool", """{"x":"{{input}}"}""", TimeSpan.FromMilliseconds(1500), OnUnknown.Ask),
            new("second", McpServerId.From("t"), "tool", "{}", null, OnUnknown.Retry),
        ];
        await Runs.InsertAsync(row, steps, null, None);

        var read = (await Runs.ReadAsync(row.Id, None))!;

        Assert.Equal(row, read.Run);
        Assert.Equal([0, 1], read.Steps.Select(step => step.Index));
        Assert.Equal(steps, read.Steps.Select(step => step.Definition));
        Assert.All(read.Steps, step => Assert.Equal((StepStatus.Pending, 0, null), (step.Status, step.Attempts, step.Result)));
    }

    [ComplianceFact]
    public async Task Same_key_and_body_repeats_another_body_is_refused_another_user_is_apart()
    {
        var key = new IdempotencyKey("key-1", [1, 2]);
        var first = NewRow(1);
        Assert.IsType<RunInsertion.Inserted>(await Runs.InsertAsync(first, Steps(1), key, None));
        Assert.Equal(new RunInsertion.Repeated(first.Id), await Runs.InsertAsync(NewRow(1), Steps(1), new("key-1", [1, 2]), None));
        Assert.IsType<RunInsertion.KeyReused>(await Runs.InsertAsync(NewRow(1), Steps(1), new("key-1", [1, 3]), None));
        Assert.IsType<RunInsertion.Inserted>(await Runs.InsertAsync(NewRow(2), Steps(1), key, None));
        Assert.Single(await Runs.ListAsync(UserId.From(1), new RunFilter(), 10, None));
    }

    [ComplianceFact]
    public async Task Same_key_many_times_at_once_makes_one_run()
    {
        var results = await Task.WhenAll(Enumerable.Range(0, 30).Select(_ =>
            Runs.InsertAsync(NewRow(1, steps: 3), Steps(3), new IdempotencyKey("k", [1]), None)));
        Assert.Single(results.OfType<RunInsertion.Inserted>());
        Assert.Equal(29, results.OfType<RunInsertion.Repeated>().Count());
        var run = Assert.Single(await Runs.ListAsync(UserId.From(1), new RunFilter(), 10, None));
        Assert.All(results.OfType<RunInsertion.Repeated>(), repeated => Assert.Equal(run.Id, repeated.Id));
        Assert.Equal(3, (await Runs.ReadAsync(run.Id, None))!.Steps.Count);
    }

    [ComplianceFact]
    public async Task List_is_newest_first_filtered_and_paged()
    {
        var runs = new List<RunRow>();
        for (var n = 0; n < 4; n++)
            runs.Add(await InsertRunAsync(1, server: n % 2 == 0 ? "even" : "odd", createdAt: Clock.GetUtcNow().AddSeconds(n)));
        await InsertRunAsync(2);
        await ChangeRunAsync(runs[3].Id, run => run with { Status = RunStatus.Failed });

        var user = UserId.From(1);
        var all = await Runs.ListAsync(user, new RunFilter(), 10, None);
        var page = await Runs.ListAsync(user, new RunFilter(Before: runs[2].Id), 1, None);
        var failed = await Runs.ListAsync(user, new RunFilter(RunStatus.Failed), 10, None);
        var even = await Runs.ListAsync(user, new RunFilter(Server: McpServerId.From("even")), 10, None);

        Assert.Equal([runs[3].Id, runs[2].Id, runs[1].Id, runs[0].Id], all.Select(run => run.Id));
        Assert.Equal([runs[1].Id], page.Select(run => run.Id));
        Assert.Equal([runs[3].Id], failed.Select(run => run.Id));
        Assert.Equal([runs[2].Id, runs[0].Id], even.Select(run => run.Id));
    }

    [ComplianceFact]
    public async Task Change_writes_row_and_journal_and_leaves_a_stored_result_alone()
    {
        var run = await InsertRunAsync(1, steps: 2);
        await ChangeRunAsync(
            run.Id,
            row => row with { Position = 1 },
            Step(0) with { Status = StepStatus.Succeeded, Attempts = 1, Result = """{"r":1}""" });
        await ChangeRunAsync(
            run.Id,
            row => row with { BlockedSince = Clock.GetUtcNow() },
            Step(0) with { Status = StepStatus.Failed, Attempts = 2, Error = new StepError("code", "NUL \0 and half \ud800 a pair", true) });

        var read = (await Runs.ReadAsync(run.Id, None))!;
        Assert.Equal((1, 2L, Clock.GetUtcNow()), (read.Run.Position, read.Run.Version, read.Run.BlockedSince));
        Assert.Equal((StepStatus.Failed, 2, """{"r":1}"""), (read.Steps[0].Status, read.Steps[0].Attempts, read.Steps[0].Result));
        Assert.Equal(("code", true), (read.Steps[0].Error!.Code, read.Steps[0].Error!.Retryable));
        Assert.StartsWith("NUL \ufffd and half", read.Steps[0].Error!.Message, StringComparison.Ordinal);
        Assert.Equal("""{"r":1}""", Assert.Single(await Runs.ReadResultsAsync(run.Id, [0, 1], None)).Value);
        Assert.Empty(await Runs.ReadResultsAsync(run.Id, [1], None));
        Assert.Equal(read.Run, await Runs.FindAsync(run.Id, None));
        Assert.Null(await Runs.FindAsync(new RunId(Guid.NewGuid()), None));
    }

    [ComplianceFact]
    public async Task Ledger_shows_the_current_step_without_its_result_and_the_databases_clock()
    {
        var run = await InsertRunAsync(1, steps: 2);
        await ChangeRunAsync(run.Id, row => row with { Position = 1 }, Step(1) with { Result = "{}", Attempts = 7 });
        var ledger = await LookAsync(run.Id);
        Assert.Equal((1, 7, null), (ledger.Current!.Index, ledger.Current.Attempts, ledger.Current.Result));
        Assert.Equal((Clock.GetUtcNow(), true), (ledger.Now, ledger.StillAsSeen));

        await ChangeRunAsync(run.Id, row => row with { Position = 2, Status = RunStatus.Succeeded });
        Assert.Null((await LookAsync(run.Id)).Current);
        Assert.Null((await LookAsync(new RunId(Guid.NewGuid()))).Run);
    }

    [ComplianceFact]
    public async Task Changes_of_one_run_at_once_each_see_the_one_before()
    {
        var run = await InsertRunAsync(1);
        await Task.WhenAll(Enumerable.Range(0, 60).Select(_ => ChangeRunAsync(run.Id, row => row with { Position = row.Position + 1 })));
        var read = await RunAsync(run.Id);
        Assert.Equal((60, 60L), (read.Position, read.Version));
    }

    [ComplianceFact]
    public async Task Write_of_a_former_owner_is_refused_by_the_fence()
    {
        var run = await InsertRunAsync(1);
        var mine = Assert.Single(await Runs.ClaimAsync([run.Id], Owner, None)).Run;
        Assert.Equal(1, await Runs.ReleaseAsync([Owner], None));
        var theirs = Assert.Single(await Runs.ClaimAsync([run.Id], new NodeRef("b", 2), None)).Run;
        Assert.True(theirs.Fence > mine.Fence);

        // A careful decision sees it; a careless one is stopped.
        Assert.Equal(theirs.Fence, (await LookAsync(run.Id)).Run!.Fence);
        await Assert.ThrowsAsync<InvalidOperationException>(() => ChangeRunAsync(run.Id, _ => mine with { Position = 1 }));
        Assert.Equal(theirs, await RunAsync(run.Id));
    }

    [ComplianceFact]
    public async Task FindReady_takes_everybodys_first_before_anybodys_second()
    {
        var busy = new List<RunRow>();
        for (var n = 0; n < 5; n++)
            busy.Add(await InsertRunAsync(1, createdAt: Clock.GetUtcNow().AddSeconds(n - 100)));
        var other = await InsertRunAsync(2, createdAt: Clock.GetUtcNow().AddSeconds(-10));
        var third = await InsertRunAsync(3, createdAt: Clock.GetUtcNow().AddSeconds(-5));

        var ready = await Runs.FindReadyAsync(2, 10, [], None);
        Assert.Equal([busy[0].Id, other.Id, third.Id, busy[1].Id], ready.Runs.Select(run => run.Id));
        Assert.Equal(new ReadyRun(other.Id, other.User, other.NextServer), ready.Runs[1]);
        Assert.Null(ready.NextDue);
        Assert.Equal(3, (await Runs.FindReadyAsync(5, 3, [], None)).Runs.Select(run => run.User).Distinct().Count());
    }

    [ComplianceFact]
    public async Task FindReady_leaves_out_saturated_servers_and_what_is_not_due_and_says_when_it_will_be()
    {
        await InsertRunAsync(1, server: "slow", createdAt: Clock.GetUtcNow().AddSeconds(-9));
        var open = await InsertRunAsync(1, server: "open", createdAt: Clock.GetUtcNow().AddSeconds(-8));
        var later = await InsertRunAsync(2, row => row with { NotBefore = Clock.GetUtcNow().AddSeconds(3) }, createdAt: Clock.GetUtcNow().AddDays(-1));
        await InsertRunAsync(2, row => row with { NotBefore = Clock.GetUtcNow().AddSeconds(9) });
        var nowhere = await InsertRunAsync(3, row => row with { NextServer = null });

        var ready = await Runs.FindReadyAsync(4, 10, [McpServerId.From("slow"), McpServerId.From("x")], None);
        Assert.Equal([open.Id, nowhere.Id], ready.Runs.Select(run => run.Id));
        Assert.Equal(TimeSpan.FromSeconds(3), ready.NextDue);
        Assert.Empty(await Runs.ClaimAsync([later.Id], Owner, None));

        Clock.Advance(TimeSpan.FromSeconds(3));
        Assert.Contains(later.Id, (await Runs.FindReadyAsync(4, 10, [], None)).Runs.Select(run => run.Id));
        Assert.Single(await Runs.ClaimAsync([later.Id], Owner, None));
    }

    [ComplianceFact]
    public async Task FindReady_of_an_empty_queue_is_empty()
    {
        var ready = await Runs.FindReadyAsync(4, 10, [], None);
        Assert.Empty(ready.Runs);
        Assert.Null(ready.NextDue);
    }

    [ComplianceFact]
    public async Task Postponed_run_goes_before_runs_that_came_after_its_time()
    {
        var postponed = await InsertRunAsync(1, row => row with { NotBefore = Clock.GetUtcNow().AddSeconds(5) });
        Clock.Advance(TimeSpan.FromSeconds(10));
        var newer = await InsertRunAsync(1);
        Assert.Equal([postponed.Id, newer.Id], (await Runs.FindReadyAsync(4, 10, [], None)).Runs.Select(run => run.Id));
    }

    [ComplianceFact]
    public async Task Claim_takes_only_pending_runs_in_the_order_asked_with_steps_without_results()
    {
        var first = await InsertRunAsync(1, steps: 2);
        var second = await InsertRunAsync(2);
        var parked = await InsertRunAsync(3, row => row with { Status = RunStatus.AwaitingInput });
        await ChangeRunAsync(first.Id, row => row, Step(0) with { Result = "{}" });

        var claimed = await Runs.ClaimAsync([second.Id, parked.Id, first.Id, new RunId(Guid.NewGuid())], Owner, None);

        Assert.Equal([second.Id, first.Id], claimed.Select(record => record.Run.Id));
        Assert.All(claimed, record => Assert.Equal((RunStatus.Running, Owner, 1L), (record.Run.Status, record.Run.Owner!.Value, record.Run.Fence)));
        Assert.Equal([0, 1], claimed[1].Steps.Select(step => step.Index));
        Assert.Null(claimed[1].Steps[0].Result);
        Assert.Equal(claimed[0].Run, await RunAsync(second.Id));
        Assert.Empty(await Runs.ClaimAsync([second.Id], Owner, None));
        Assert.Equal([Owner], await Runs.FindOwnersAsync(None));
    }

    [ComplianceFact]
    public async Task Claims_at_once_give_each_run_to_one_node()
    {
        var runs = new List<RunRow>();
        for (var n = 0; n < 20; n++)
            runs.Add(await InsertRunAsync(n + 1));
        var ids = runs.Select(run => run.Id).ToList();
        var claims = await Task.WhenAll(Enumerable.Range(1, 8).Select(n => Runs.ClaimAsync(ids, new NodeRef("n", n), None)));
        var taken = claims.SelectMany(claim => claim).ToList();
        Assert.Equal(taken.Count, taken.Select(record => record.Run.Id).Distinct().Count());

        // What was skipped because another claim held it was taken by that one.
        Assert.Equal(20, taken.Count);
    }

    [ComplianceFact]
    public async Task Release_puts_back_only_what_the_lost_owned()
    {
        var lost = await InsertRunAsync(1);
        var kept = await InsertRunAsync(2);
        await Runs.ClaimAsync([lost.Id], Owner, None);
        await Runs.ClaimAsync([kept.Id], new NodeRef("b", 2), None);
        Assert.Equal(1, await Runs.ReleaseAsync([Owner, new NodeRef("c", 3)], None));
        var released = await RunAsync(lost.Id);
        Assert.Equal((RunStatus.Pending, null, 2L), (released.Status, released.Owner, released.Fence));
        Assert.Equal(RunStatus.Running, (await RunAsync(kept.Id)).Status);
        Assert.Equal([new NodeRef("b", 2)], await Runs.FindOwnersAsync(None));
        Assert.Equal([(kept.Id, 1L)], await Runs.FindClaimsAsync(new NodeRef("b", 2), None));
        Assert.Empty(await Runs.FindClaimsAsync(Owner, None));
    }

    [ComplianceFact]
    public async Task Prune_deletes_old_finished_runs_with_their_steps_and_frees_their_keys()
    {
        var now = Clock.GetUtcNow();
        var key = new IdempotencyKey("k", [1]);
        var old = NewRow(1) with { Status = RunStatus.Succeeded, FinishedAt = now.AddDays(-9) };
        await Runs.InsertAsync(old, Steps(1), key, None);
        await InsertRunAsync(1, row => row with { Status = RunStatus.Failed, FinishedAt = now.AddDays(-8) });
        var recent = await InsertRunAsync(1, row => row with { Status = RunStatus.Failed, FinishedAt = now.AddDays(-1) });
        var open = await InsertRunAsync(1, createdAt: now.AddDays(-30));

        Assert.Equal(1, await Runs.PruneAsync(now.AddDays(-7), 1, None));
        Assert.Null(await Runs.ReadAsync(old.Id, None));
        Assert.Equal(1, await Runs.PruneAsync(now.AddDays(-7), 100, None));
        Assert.NotNull(await Runs.ReadAsync(recent.Id, None));
        Assert.NotNull(await Runs.ReadAsync(open.Id, None));
        Assert.IsType<RunInsertion.Inserted>(await Runs.InsertAsync(NewRow(1), Steps(1), key, None));
    }

    [ComplianceFact]
    public async Task Change_is_announced_and_a_pending_run_calls_for_a_node()
    {
        var heard = new Signals<Change>();
        using var subscription = Host.Changes.Subscribe(heard.Add);
        var run = await InsertRunAsync(1);
        await heard.WaitForAsync(change => change == new Change.Run(run.Id, run.User));
        await heard.WaitForAsync(change => change is Change.RunsReady);
    }

    private static StepRow Step(int index) => new() { Index = index, Definition = Steps(index + 1)[index] };

    private Task<RunLedger> LookAsync(RunId id) =>
        Runs.ChangeAsync(id, null, ledger => new RunDecision<RunLedger>(ledger), None);
}

public sealed class SqliteFileRunStoreTests : RunStoreCompliance
{
    protected override Task<StorageBackend> CreateBackendAsync() => Task.FromResult<StorageBackend>(new SqliteFileBackend());
}

public sealed class SqliteMemoryRunStoreTests : RunStoreCompliance
{
    protected override Task<StorageBackend> CreateBackendAsync() => Task.FromResult<StorageBackend>(new SqliteMemoryBackend());
}

public sealed class ModelRunStoreTests : RunStoreCompliance
{
    protected override Task<StorageBackend> CreateBackendAsync() => Task.FromResult<StorageBackend>(new ModelBackend(ModelFlavour.Postgres));
}

[NeedsPostgres]
public sealed class PostgresRunStoreTests : RunStoreCompliance
{
    protected override async Task<StorageBackend> CreateBackendAsync() => await PostgresBackend.CreateAsync();
}
