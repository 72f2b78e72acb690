using Executor.Credentials;
using Executor.Nodes;
using Executor.Simulation.Store;
using Executor.Tests.Infrastructure;

namespace Executor.Tests.Storage;

public abstract class NodeRegistryCompliance : StorageTest
{
    [ComplianceFact]
    public async Task Each_life_has_an_incarnation_of_its_own_and_holds_its_lock()
    {
        var first = await Nodes.EnterAsync("a", None);
        Assert.True(Nodes.HoldsLock(first));
        await Nodes.LeaveAsync(first, None);
        var second = await Nodes.EnterAsync("a", None);
        Assert.NotEqual(first.Incarnation, second.Incarnation);
        Assert.False(Nodes.HoldsLock(first));
        Assert.True(Nodes.HoldsLock(second));
        Assert.False(Nodes.HoldsLock(new NodeRef("a", 1)));
    }

    [ComplianceFact]
    public async Task Incarnation_that_left_opens_no_intent()
    {
        var node = await Nodes.EnterAsync("a", None);
        await DepositAsync(Key(1));
        await Nodes.LeaveAsync(node, None);
        Assert.False(await OpenIntentAsync(Key(1), node));
    }

    [ComplianceFact]
    public async Task MarkGone_is_idempotent_and_ends_retaking()
    {
        var node = await Nodes.EnterAsync("a", None);
        Assert.True(await Nodes.RetakeLockAsync(node, None));
        await Nodes.MarkGoneAsync(node, None);
        await Nodes.MarkGoneAsync(node, None);
        await Nodes.MarkGoneAsync(new NodeRef("never", 5), None);
        Assert.False(await Nodes.RetakeLockAsync(node, None));
    }

    [ComplianceFact]
    public async Task Gone_incarnation_with_an_open_intent_is_remembered_and_without_one_stays_gone()
    {
        var owner = await Nodes.EnterAsync("a", None);
        await DepositAsync(Key(1));
        await OpenIntentAsync(Key(1), owner);
        await Nodes.LeaveAsync(owner, None);
        await Nodes.EnterAsync("b", None);
        Assert.True(Assert.Single(await IntentsAsync(Key(1))).OwnerGone);

        await DepositAsync(Key(1));
        await Nodes.EnterAsync("c", None);
        Assert.False(await OpenIntentAsync(Key(1), owner));
    }
}

/// <summary>One node, which has the file.</summary>
public abstract class SingleNodeRegistryCompliance : NodeRegistryCompliance
{
    [ComplianceFact]
    public async Task Start_on_the_file_knows_that_every_earlier_owner_is_gone()
    {
        var before = await Nodes.EnterAsync("a", None);
        await DepositAsync(Key(1));
        await OpenIntentAsync(Key(1), before);
        Assert.False(Assert.Single(await IntentsAsync(Key(1))).OwnerGone);

        await RestartAsync();
        var after = await Nodes.EnterAsync("a", None);

        Assert.True(Assert.Single(await IntentsAsync(Key(1))).OwnerGone);
        Assert.False(await OpenIntentAsync(Key(1), before, ordinal: 2));
        Assert.True(await OpenIntentAsync(Key(1), after, ordinal: 2));
        Assert.Empty(await Nodes.ObserveAsync(None));
    }
}

public sealed class ModelOfSqliteNodeRegistryTests : SingleNodeRegistryCompliance
{
    protected override Task<StorageBackend> CreateBackendAsync() => Task.FromResult<StorageBackend>(new ModelBackend(ModelFlavour.Sqlite));
}

public sealed class SqliteFileNodeRegistryTests : SingleNodeRegistryCompliance
{
    protected override Task<StorageBackend> CreateBackendAsync() => Task.FromResult<StorageBackend>(new SqliteFileBackend());
}

/// <summary>Many nodes, each with a liveness lock of its own that the others see.</summary>
public abstract class SharedNodeRegistryCompliance : NodeRegistryCompliance
{
    [ComplianceFact]
    public async Task Nodes_see_each_others_heartbeats_and_locks()
    {
        await using var other = await Backend.OpenAsync(Clock);
        var a = await Nodes.EnterAsync("a", None);
        var b = await other.Nodes.EnterAsync("b", None);
        await other.Nodes.BeatAsync(b, None);
        await other.Nodes.BeatAsync(b, None);

        var seen = await Nodes.ObserveAsync(None);
        Assert.Equivalent(new[] { new NodeSighting(a, 0, true), new NodeSighting(b, 2, true) }, seen, strict: true);

        await other.Nodes.LeaveAsync(b, None);
        Assert.Equal([new NodeSighting(a, 0, true)], await Nodes.ObserveAsync(None));
    }

    [ComplianceFact]
    public async Task Killed_nodes_lock_is_seen_free()
    {
        var b = new NodeRef();
        await using (var other = await Backend.OpenAsync(Clock))
            b = await other.Nodes.EnterAsync("b", None);
        await Eventually.TrueAsync(async () => (await Nodes.ObserveAsync(None)).Any(seen => seen.Node == b && !seen.LockHeld));
    }

    [ComplianceFact]
    public async Task Lock_whose_connection_is_cut_is_lost_at_once_and_can_be_taken_again()
    {
        var node = await Nodes.EnterAsync("a", None);
        await CutAsync(node);
        await Eventually.TrueAsync(() => Task.FromResult(!Nodes.HoldsLock(node)));
        Assert.Equal([new NodeSighting(node, 0, false)], await Nodes.ObserveAsync(None));

        Assert.True(await Nodes.RetakeLockAsync(node, None));
        Assert.True(Nodes.HoldsLock(node));
        Assert.Equal([new NodeSighting(node, 0, true)], await Nodes.ObserveAsync(None));
    }

    [ComplianceFact]
    public async Task Retaking_ends_a_former_session_that_the_server_still_believes_in()
    {
        var node = await Nodes.EnterAsync("a", None);

        // Another registry that knows the incarnation but not its connection: as after a cut that only this side has noticed.
        await using var reborn = await Backend.OpenAsync(Clock);
        Assert.True(await reborn.Nodes.RetakeLockAsync(node, None));
        Assert.True(reborn.Nodes.HoldsLock(node));
        await Eventually.TrueAsync(() => Task.FromResult(!Nodes.HoldsLock(node)));
    }

    [ComplianceFact]
    public async Task Lock_that_was_lost_before_the_incarnation_was_marked_gone_is_not_taken_again()
    {
        var node = await Nodes.EnterAsync("a", None);
        await CutAsync(node);
        await Eventually.TrueAsync(() => Task.FromResult(!Nodes.HoldsLock(node)));
        await using var other = await Backend.OpenAsync(Clock);
        await other.Nodes.MarkGoneAsync(node, None);
        Assert.False(await Nodes.RetakeLockAsync(node, None));
        Assert.False(Nodes.HoldsLock(node));
        await Eventually.TrueAsync(async () => !await IsHeldAsync(node));
    }

    /// <summary>Ends the connection that holds the node's lock, as the server does.</summary>
    protected abstract Task CutAsync(NodeRef node);

    /// <summary>Whether any session holds the node's lock, gone or not.</summary>
    protected abstract Task<bool> IsHeldAsync(NodeRef node);
}

public sealed class ModelOfPostgresNodeRegistryTests : SharedNodeRegistryCompliance
{
    protected override Task CutAsync(NodeRef node)
    {
        ((ModelBackend)Backend).Session.Database.Locks.EndHolder(node.Incarnation);
        return Task.CompletedTask;
    }

    protected override Task<bool> IsHeldAsync(NodeRef node) =>
        Task.FromResult(((ModelBackend)Backend).Session.Database.Locks.IsHeld(node.Incarnation));

    protected override Task<StorageBackend> CreateBackendAsync() => Task.FromResult<StorageBackend>(new ModelBackend(ModelFlavour.Postgres));
}

[NeedsPostgres]
public sealed class PostgresNodeRegistryTests : SharedNodeRegistryCompliance
{
    private static string HoldersOf(NodeRef node) =>
        "SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND objsubid = 2 AND granted "
        + $"AND classid = ({node.Incarnation}::bigint >> 32)::oid AND objid = ({node.Incarnation}::bigint & 4294967295)::oid";

    private PostgresBackend Postgres => (PostgresBackend)Backend;

    [PostgresFact]
    public async Task MarkGone_waits_for_an_opening_under_way()
    {
        var node = await Nodes.EnterAsync("a", None);
        await using var other = await Backend.OpenAsync(Clock);
        await DepositAsync(Key(1));
        using var deciding = new ManualResetEventSlim();
        using var mayDecide = new ManualResetEventSlim();

        var opening = Task.Run(() => Credentials.ChangeAsync(
            Key(1),
            new CredentialChangeOptions(Opener: node),
            ledger =>
            {
                deciding.Set();
                mayDecide.Wait(TimeSpan.FromSeconds(10));
                return new CredentialDecision<bool>(ledger.OpenerGone, ledger.Row! with { State = CredentialState.Refreshing });
            },
            None));
        Assert.True(deciding.Wait(TimeSpan.FromSeconds(10)));
        var marking = other.Nodes.MarkGoneAsync(node, None);
        await Eventually.TrueAsync(async () => await Postgres.ScalarAsync<long>(
            $"SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND objsubid = 1 AND NOT granted "
            + $"AND objid = ({node.Incarnation}::bigint & 4294967295)::oid") == 1);
        Assert.False(marking.IsCompleted);

        mayDecide.Set();
        Assert.False(await opening);
        await marking;
        Assert.False(await OpenIntentAsync(Key(1), node));
    }

    protected override Task CutAsync(NodeRef node) =>
        Postgres.ExecuteAsync($"SELECT pg_terminate_backend(pid) FROM ({HoldersOf(node)}) AS holders");

    protected override async Task<bool> IsHeldAsync(NodeRef node) => await Postgres.ScalarAsync<int?>(HoldersOf(node)) is not null;

    protected override async Task<StorageBackend> CreateBackendAsync() => await PostgresBackend.CreateAsync();
}
