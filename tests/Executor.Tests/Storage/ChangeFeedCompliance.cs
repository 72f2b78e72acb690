using Executor.Identity;
using Executor.Nodes;
using Executor.Runs;
using Executor.Simulation.Store;
using Executor.Storage.Changes;
using Executor.Tests.Infrastructure;

namespace Executor.Tests.Storage;

public abstract class ChangeFeedCompliance : StorageTest
{
    private protected static Change Credential(long user, string server = "github") => new Change.Credential(Key(user, server));

    [ComplianceFact]
    public async Task Changes_arrive_in_order_once_and_until_the_subscription_ends()
    {
        var heard = new Signals<Change>();
        var others = new Signals<Change>();
        using var rest = Host.Changes.Subscribe(others.Add);
        using (Host.Changes.Subscribe(heard.Add))
        {
            for (var n = 1; n <= 50; n++)
                Host.Changes.Publish(Credential(n));
            await heard.WaitForAsync(change => change == Credential(50));
        }

        Host.Changes.Publish(Credential(51));
        await others.WaitForAsync(change => change == Credential(51));
        Assert.Equal(Enumerable.Range(1, 50).Select(n => Credential(n)), heard.Seen);
    }

    [ComplianceFact]
    public async Task Handler_that_throws_keeps_nothing_from_the_others()
    {
        var heard = new Signals<Change>();
        using var broken = Host.Changes.Subscribe(_ => throw new InvalidOperationException());
        using var working = Host.Changes.Subscribe(heard.Add);
        Host.Changes.Publish(Credential(1));
        Host.Changes.Publish(new Change.RunsReady());
        await heard.WaitForAsync(change => change is Change.RunsReady);
        Assert.Equal(2, heard.Seen.Count);
    }
}

/// <summary>A feed that hands changes over on a thread of its own, from a queue that has an end.</summary>
public abstract class QueuedChangeFeedCompliance : ChangeFeedCompliance
{
    [ComplianceFact]
    public async Task Overflow_is_reported_as_a_gap()
    {
        var heard = new Signals<Change>();
        using var mayGoOn = new ManualResetEventSlim();
        using var blocking = Host.Changes.Subscribe(_ => mayGoOn.Wait(TimeSpan.FromSeconds(15)));
        using var subscription = Host.Changes.Subscribe(heard.Add);
        for (var n = 1; n <= 20_000; n++)
            Host.Changes.Publish(new Change.RunsReady());
        mayGoOn.Set();
        await heard.WaitForAsync(change => change is Change.Gap);
    }
}

public sealed class ModelChangeFeedTests : ChangeFeedCompliance
{
    protected override Task<StorageBackend> CreateBackendAsync() => Task.FromResult<StorageBackend>(new ModelBackend(ModelFlavour.Postgres));
}

public sealed class SqliteMemoryChangeFeedTests : QueuedChangeFeedCompliance
{
    protected override Task<StorageBackend> CreateBackendAsync() => Task.FromResult<StorageBackend>(new SqliteMemoryBackend());
}

[NeedsPostgres]
public sealed class PostgresChangeFeedTests : QueuedChangeFeedCompliance
{
    [PostgresFact]
    public async Task Other_node_hears_every_kind_of_change_and_the_own_node_hears_it_once()
    {
        await using var other = await Backend.OpenAsync(Clock);
        var there = new Signals<Change>();
        var here = new Signals<Change>();
        using var first = other.Changes.Subscribe(there.Add);
        using var second = Host.Changes.Subscribe(here.Add);
        Change[] changes = [Credential(1, "ünï \"😀\""), new Change.Run(RunId.New(Clock), UserId.From(7)), new Change.RunsReady()];

        foreach (var change in changes)
            Host.Changes.Publish(change);
        foreach (var change in changes)
            await there.WaitForAsync(heard => heard == change);

        // What the other says comes after whatever the own notifications would have brought back.
        other.Changes.Publish(Credential(2));
        await here.WaitForAsync(change => change == Credential(2));
        Assert.Equal([.. changes, Credential(2)], here.Seen);
    }

    [PostgresFact]
    public async Task Thousand_long_names_reach_the_other_node()
    {
        await using var other = await Backend.OpenAsync(Clock);
        var there = new Signals<Change>();
        using var subscription = other.Changes.Subscribe(there.Add);
        var changes = Enumerable.Range(1, 1000).Select(n => Credential(n, new string('ü', 200))).ToHashSet();
        foreach (var change in changes)
            Host.Changes.Publish(change);
        await there.WaitForAsync(change => change == Credential(1000, new string('ü', 200)));
        Assert.Equal(changes, there.Seen.ToHashSet());
    }

    [PostgresFact]
    public async Task Cut_notification_connection_listens_again_and_reports_a_gap()
    {
        await using var other = await Backend.OpenAsync(Clock);
        var there = new Signals<Change>();
        using var subscription = other.Changes.Subscribe(there.Add);
        await ((PostgresBackend)Backend).ExecuteAsync(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE '%LISTEN \"" + Channel + "\"%' AND pid <> pg_backend_pid()");
        await there.WaitForAsync(change => change is Change.Gap);
        Host.Changes.Publish(Credential(9));
        await there.WaitForAsync(change => change == Credential(9));
    }

    [PostgresFact]
    public async Task Change_that_could_not_be_sent_is_made_up_for_by_a_gap_though_nothing_else_is_said()
    {
        await using var other = await Backend.OpenAsync(Clock);
        var there = new Signals<Change>();
        using var subscription = other.Changes.Subscribe(there.Add);
        Host.Changes.Publish(Credential(1));
        await there.WaitForAsync(change => change == Credential(1));

        await ((PostgresBackend)Backend).ExecuteAsync(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE 'SELECT pg_notify%' "
            + $"AND application_name = '{((PostgresBackend)Backend).Schema}' AND pid <> pg_backend_pid()");
        Host.Changes.Publish(Credential(2));

        await there.WaitForAsync(change => change is Change.Gap);
    }

    [PostgresFact]
    public async Task Nodes_of_another_schema_hear_nothing()
    {
        await using var backend = await PostgresBackend.CreateAsync();
        await using var stranger = await backend.OpenAsync(Clock);
        await using var other = await Backend.OpenAsync(Clock);
        var strange = new Signals<Change>();
        var there = new Signals<Change>();
        using var first = stranger.Changes.Subscribe(strange.Add);
        using var second = other.Changes.Subscribe(there.Add);
        Host.Changes.Publish(Credential(1));
        await there.WaitForAsync(change => change == Credential(1));
        stranger.Changes.Publish(Credential(2));
        await strange.WaitForAsync(change => change == Credential(2));
        Assert.Single(strange.Seen);
    }

    private string Channel => PostgresChanges.ChannelOf(((PostgresBackend)Backend).Schema);

    protected override async Task<StorageBackend> CreateBackendAsync() => await PostgresBackend.CreateAsync();
}
