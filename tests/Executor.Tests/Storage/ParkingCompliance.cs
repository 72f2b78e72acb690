using Executor.Credentials;
using Executor.Identity;
using Executor.Nodes;
using Executor.Runs;
using Executor.Simulation.Store;
using Executor.Storage.Databases;
using Executor.Tests.Infrastructure;

namespace Executor.Tests.Storage;

/// <summary>Parks and deposits: no wake-up is lost, none happens twice.</summary>
public abstract class ParkingCompliance : StorageTest
{
    private const string RefuseOnSqlite =
        "CREATE TRIGGER refuse BEFORE UPDATE ON runs BEGIN SELECT RAISE(ABORT, 'refused'); END;";

    private const string RefuseOnPostgres =
        "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'refused'; END $$; "
        + "CREATE TRIGGER refuse BEFORE UPDATE ON runs FOR EACH ROW EXECUTE FUNCTION refuse();";

    private static readonly CredentialSeen Nothing = new(Key(1), new CredentialSight(Generation.None, CredentialState.Absent));

    [ComplianceFact]
    public async Task Park_on_an_unknown_key_gives_it_its_absent_row_and_a_deposit_wakes_the_run()
    {
        var run = await InsertRunAsync(1, row => row with { NotBefore = Clock.GetUtcNow() });
        Assert.True(await ParkAsync(run.Id, Nothing));
        Assert.Equal(CredentialState.Absent, (await RowAsync(Key(1))).State);
        var heard = new Signals<Change>();
        using var subscription = Host.Changes.Subscribe(heard.Add);

        await DepositAsync(Key(1));

        var woken = await RunAsync(run.Id);
        Assert.Equal(
            (RunStatus.Pending, AwaitingReason.None, (McpServerId?)null, (DateTimeOffset?)null, 2L),
            (woken.Status, woken.AwaitingReason, woken.AwaitedServer, woken.NotBefore, woken.Version));
        await heard.WaitForAsync(change => change is Change.RunsReady);
        Assert.Equal([run.Id], (await Runs.FindReadyAsync(1, 1, [], None)).Runs.Select(ready => ready.Id));
    }

    [ComplianceFact]
    public async Task Park_on_what_is_no_longer_as_seen_does_not_hold()
    {
        var run = await InsertRunAsync(1);
        var generation = await DepositAsync(Key(1), row => row with { State = CredentialState.NeedsReauth });
        var seen = new CredentialSeen(Key(1), new CredentialSight(generation, CredentialState.NeedsReauth));
        Assert.False(await ParkAsync(run.Id, Nothing));
        Assert.False(await ParkAsync(run.Id, seen with { Sight = seen.Sight with { State = CredentialState.OperatorError } }));
        Assert.False(await ParkAsync(run.Id, seen with { Sight = seen.Sight with { Episode = 1 } }));
        Assert.True(await ParkAsync(run.Id, seen));
    }

    [ComplianceFact]
    public async Task Deposit_wakes_only_runs_parked_on_its_key()
    {
        var mine = await InsertRunAsync(1);
        var elsewhere = await InsertRunAsync(1);
        var interrupted = await InsertRunAsync(1);
        var theirs = await InsertRunAsync(2);
        await ParkAsync(mine.Id, Nothing);
        await ParkAsync(elsewhere.Id, Nothing with { Key = Key(1, "other") });
        await ChangeRunAsync(interrupted.Id, row => row with
        {
            Status = RunStatus.AwaitingInput,
            AwaitingReason = AwaitingReason.Interrupted,
            AwaitedServer = McpServerId.From("github"),
        });
        await ParkAsync(theirs.Id, Nothing with { Key = Key(2) });

        await DepositAsync(Key(1));

        Assert.Equal(RunStatus.Pending, (await RunAsync(mine.Id)).Status);
        foreach (var other in new[] { elsewhere, interrupted, theirs })
            Assert.Equal(RunStatus.AwaitingInput, (await RunAsync(other.Id)).Status);
    }

    [ComplianceFact]
    public async Task Deposit_ends_the_wait_of_a_run_that_backs_off_from_its_credential_and_of_no_other()
    {
        var until = Clock.GetUtcNow().AddHours(1);
        var blocked = await InsertRunAsync(1, row => row with { NotBefore = until, BlockedSince = Clock.GetUtcNow() });
        var theirs = await InsertRunAsync(2, row => row with { NotBefore = until, BlockedSince = Clock.GetUtcNow() });
        var elsewhere = await InsertRunAsync(
            1, row => row with { NotBefore = until, BlockedSince = Clock.GetUtcNow(), NextServer = McpServerId.From("other") });

        await DepositAsync(Key(1));

        Assert.Null((await RunAsync(blocked.Id)).NotBefore);
        Assert.Equal([blocked.Id], (await Runs.FindReadyAsync(9, 9, [], None)).Runs.Select(ready => ready.Id));
        foreach (var other in new[] { theirs, elsewhere })
            Assert.Equal(until, (await RunAsync(other.Id)).NotBefore);
    }

    [ComplianceFact]
    public async Task Commit_wakes_the_runs_whose_cause_it_may_have_removed_and_no_others()
    {
        var (unusable, refused, silent) = (await InsertRunAsync(1), await InsertRunAsync(1), await InsertRunAsync(1));
        var generation = await DepositAsync(Key(1), row => row with { State = CredentialState.NeedsReauth });
        var seen = new CredentialSight(generation, CredentialState.NeedsReauth);
        await ParkAsync(unusable.Id, new CredentialSeen(Key(1), seen));
        await ParkAsync(refused.Id, new CredentialSeen(Key(1), seen with { Cause = ParkCause.TokenRefused }));
        await ParkAsync(silent.Id, new CredentialSeen(Key(1), seen with { Cause = ParkCause.None })); // as an older version parks

        await ChangeAsync(Key(1), row => row with { Failures = 1 });
        await AssertStatusesAsync(RunStatus.AwaitingInput, unusable, refused, silent);
        await ChangeAsync(Key(1), row => row with { State = CredentialState.Ready, Refusal = new TokenRefusal { Since = Clock.GetUtcNow() } });
        await AssertStatusesAsync(RunStatus.Pending, unusable, silent);
        await AssertStatusesAsync(RunStatus.AwaitingInput, refused);
        await ChangeAsync(Key(1), row => row with { Failures = 2, State = CredentialState.Unresolved }, ParkCause.TokenRefused);
        await AssertStatusesAsync(RunStatus.Pending, refused);
        Assert.Equal(ParkCause.None, (await RunAsync(refused.Id)).ParkCause);
    }

    /// <summary>A node of an older version leaves a run's former cause standing when it parks it anew.</summary>
    [ComplianceFact]
    public async Task Run_that_waits_for_the_end_of_a_refusal_wakes_where_there_is_none()
    {
        var run = await InsertRunAsync(1);
        var generation = await DepositAsync(Key(1), row => row with { State = CredentialState.OperatorError });
        await ParkAsync(run.Id, new CredentialSeen(Key(1), new CredentialSight(generation, CredentialState.OperatorError, 0, ParkCause.TokenRefused)));

        await ChangeAsync(Key(1), row => row with { State = CredentialState.Ready });
        await AssertStatusesAsync(RunStatus.Pending, run);
    }

    [ComplianceFact]
    public async Task Pause_that_is_over_is_found_with_its_oldest_run_which_alone_wakes_to_try()
    {
        RunRow[] inserted = [await InsertRunAsync(1), await InsertRunAsync(1)];
        var (first, second) = (inserted.MinBy(run => run.Id.ToString(), StringComparer.Ordinal)!, inserted.MaxBy(run => run.Id.ToString(), StringComparer.Ordinal)!);
        var now = Clock.GetUtcNow();
        var refusal = new TokenRefusal { Redemptions = 2, Pauses = 3, CountedAt = now, Since = now, Until = now.AddSeconds(20), Episode = 4 };
        var generation = await DepositAsync(Key(1), row => row with { Refusal = refusal, MintedAt = now, ConfirmingSince = now });
        var stored = await RowAsync(Key(1));
        Assert.Equal((refusal, now, now), (stored.Refusal, stored.MintedAt!.Value, stored.ConfirmingSince!.Value));
        foreach (var run in new[] { second, first })
        {
            Assert.True(await ParkAsync(run.Id, new CredentialSeen(
                Key(1), new CredentialSight(generation, CredentialState.Ready, 4, ParkCause.TokenRefused))));
        }

        Assert.Empty(await Credentials.FindProbesAsync(9, None));
        var over = refusal with { Until = now.AddSeconds(-1) };
        await ChangeAsync(Key(1), row => row with { Refusal = over });
        Assert.Equal([(Key(1), first.Id.Value)], await Credentials.FindProbesAsync(9, None));
        await ChangeAsync(Key(1), row => row with { State = CredentialState.NeedsReauth });
        Assert.Empty(await Credentials.FindProbesAsync(9, None));

        var probing = over with { Prober = new ProbeId(first.Id.Value), ProbeDeadline = now.AddHours(1), ProbeHasRedeemed = true };
        await ChangeAsync(Key(1), row => row with { State = CredentialState.Ready, Refusal = probing }, wakesRun: first.Id);
        Assert.Equal(probing, (await RowAsync(Key(1))).Refusal);
        await AssertStatusesAsync(RunStatus.Pending, first);
        await AssertStatusesAsync(RunStatus.AwaitingInput, second);
        Assert.Empty(await Credentials.FindProbesAsync(9, None));
        await ChangeAsync(Key(1), row => row with { Refusal = probing with { ProbeDeadline = now.AddSeconds(-1) } });
        Assert.Equal([(Key(1), second.Id.Value)], await Credentials.FindProbesAsync(9, None));
    }

    [ComplianceFact]
    public async Task Each_parked_run_is_woken_once_by_many_deposits()
    {
        var runs = new List<RunRow>();
        for (var n = 0; n < 30; n++)
        {
            runs.Add(await InsertRunAsync(1));
            await ParkAsync(runs[n].Id, Nothing);
        }

        await Task.WhenAll(Enumerable.Range(0, 10).Select(_ => DepositAsync(Key(1))));
        foreach (var run in runs)
            Assert.Equal((RunStatus.Pending, 2L), ((await RunAsync(run.Id)).Status, (await RunAsync(run.Id)).Version));
    }

    [ComplianceFact]
    public async Task Wake_that_fails_takes_the_deposit_with_it()
    {
        var run = await InsertRunAsync(1);
        await ParkAsync(run.Id, Nothing);
        await RefuseWakesAsync();

        await Assert.ThrowsAnyAsync<Exception>(() => DepositAsync(Key(1)));

        Assert.Equal((CredentialState.Absent, 0L), ((await RowAsync(Key(1))).State, (await RowAsync(Key(1))).Version));
        Assert.Equal(RunStatus.AwaitingInput, (await RunAsync(run.Id)).Status);
    }

    [ComplianceFact]
    public async Task Parks_racing_with_deposits_leave_no_run_parked_on_a_ready_credential()
    {
        const int Races = 500;
        var keys = Enumerable.Range(1, Races).Select(n => Key(n)).ToList();
        var seen = await Task.WhenAll(keys.Select(async key => new CredentialSeen(
            key,
            new CredentialSight(
                await DepositAsync(key, row => row with { State = CredentialState.NeedsReauth }),
                CredentialState.NeedsReauth))));
        var runs = await Task.WhenAll(keys.Select(key => InsertRunAsync(key.User.Value)));

        var parked = await Task.WhenAll(Enumerable.Range(0, Races).Select(async n =>
        {
            // Started in either order, so that both outcomes occur however fast the database is.
            var first = n % 2 == 0 ? Task.Run(() => DepositAsync(keys[n])) : null;
            var parking = Task.Run(() => ParkAsync(runs[n].Id, seen[n]));
            await (first ?? Task.Run(() => DepositAsync(keys[n])));
            return await parking;
        }));

        Assert.Contains(true, parked);
        Assert.Contains(false, parked);
        for (var n = 0; n < Races; n++)
        {
            // Parked and woken once, or never parked.
            var run = await RunAsync(runs[n].Id);
            Assert.Equal((RunStatus.Pending, parked[n] ? 2L : 0L), (run.Status, run.Version));
        }
    }

    private Task<bool> ChangeAsync(
        CredentialKey key, Func<CredentialRow, CredentialRow> change, ParkCause wakes = ParkCause.None, RunId? wakesRun = null) =>
        Credentials.ChangeAsync(
            key,
            new CredentialChangeOptions(),
            ledger => new CredentialDecision<bool>(true, change(ledger.Row!)) { Wakes = wakes, WakesRun = wakesRun?.Value },
            None);

    private async Task AssertStatusesAsync(RunStatus status, params RunRow[] runs)
    {
        foreach (var run in runs)
            Assert.Equal(status, (await RunAsync(run.Id)).Status);
    }

    /// <summary>From now on the database refuses what a wake writes.</summary>
    protected virtual Task RefuseWakesAsync() =>
        Host.Database.WriteAsync(Backend is PostgresBackend ? RefuseOnPostgres : RefuseOnSqlite, new SqlArguments(), None);
}

public sealed class ModelParkingTests : ParkingCompliance
{
    protected override Task<StorageBackend> CreateBackendAsync() => Task.FromResult<StorageBackend>(new ModelBackend(ModelFlavour.Postgres));

    protected override Task RefuseWakesAsync()
    {
        ((ModelBackend)Backend).Session.Fault = _ => CommitFate.Aborted;
        return Task.CompletedTask;
    }
}

public sealed class SqliteFileParkingTests : ParkingCompliance
{
    protected override Task<StorageBackend> CreateBackendAsync() => Task.FromResult<StorageBackend>(new SqliteFileBackend());
}

[NeedsPostgres]
public sealed class PostgresParkingTests : ParkingCompliance
{
    protected override async Task<StorageBackend> CreateBackendAsync() => await PostgresBackend.CreateAsync();
}
