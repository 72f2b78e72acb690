using Executor.Credentials;
using Executor.Identity;
using Executor.Nodes;
using Executor.Simulation.Store;
using Executor.Tests.Infrastructure;

namespace Executor.Tests.Storage;

public abstract class CredentialStoreCompliance : StorageTest
{
    [ComplianceFact]
    public async Task Read_of_an_unknown_key_is_null() => Assert.Null(await Credentials.ReadAsync(Key(1), None));

    [ComplianceFact]
    public async Task Read_tells_the_databases_clock()
    {
        await DepositAsync(Key(1));
        Assert.Equal(Clock.GetUtcNow(), (await Credentials.ReadAsync(Key(1), None))!.Now);
    }

    [ComplianceFact]
    public async Task Every_column_survives_the_round_trip_and_a_restart()
    {
        var written = new CredentialRow
        {
            Key = Key(long.MaxValue, "https://ünï/😀%"),
            State = CredentialState.NeedsReauth,
            Reason = CredentialReason.OutcomeUnknown,
            RefreshToken = [0x00, 0x01, 0xFE, 0xFF, 0x10],
            KeptRefreshToken = [4],
            TryKept = true,
            AccessToken = [],
            AccessTokenExpiresAt = Clock.GetUtcNow().AddMilliseconds(1),
            RefreshAt = Clock.GetUtcNow().AddMilliseconds(2),
            Client = new ClientRegistration(
                "https://auth.example/token", "id", [9, 8], new DateTimeOffset(2029, 12, 31, 23, 0, 0, 5, TimeSpan.FromHours(-3)),
                ClientAuthMethod.Post, "a b"),
            Lineage = [7],
            Intent = IntentId.New(),
            MintedBy = IntentId.New(),
            RetryAt = Clock.GetUtcNow().AddMilliseconds(3),
            Failures = 4,
            WaitsFor = new BlockedReason("invalid_scope"),
            Repeated = new RepeatedRefusal(new RefusalMark("ab"), new Generation(3), 2, Clock.GetUtcNow().AddMilliseconds(4)),
        };
        await DepositAsync(written.Key, row => written with { Generation = row.Generation });
        if (Backend is not SqliteMemoryBackend)
            await RestartAsync();

        var read = await RowAsync(written.Key);

        Assert.Equal(written.RefreshToken, read.RefreshToken);
        Assert.Equal(written.KeptRefreshToken, read.KeptRefreshToken);
        Assert.Equal(written.AccessToken, read.AccessToken);
        Assert.Equal(written.Lineage, read.Lineage);
        Assert.Equal(written.Client!.ClientSecret, read.Client!.ClientSecret);
        Assert.Equal(
            Scalars(written) with { Generation = read.Generation, Version = 1, Client = Scalars(written.Client) },
            Scalars(read) with { Client = Scalars(read.Client) });
    }

    [ComplianceFact]
    public async Task Nulls_of_a_public_client_stay_nulls()
    {
        await DepositAsync(Key(1));
        var row = await RowAsync(Key(1));
        Assert.Equal(new ClientRegistration("https://auth.example/token", null, null, null, ClientAuthMethod.None, null), row.Client);
        Assert.Null(row.AccessToken);
        Assert.Null(row.Intent);
    }

    [ComplianceFact]
    public async Task Depositing_twice_leaves_one_row_with_the_latest_values()
    {
        await DepositAsync(Key(1), row => row with { Lineage = [1] });
        var second = await DepositAsync(Key(1), row => row with { Lineage = [2] });
        var row = await RowAsync(Key(1));
        Assert.Equal((second, 2L), (row.Generation, row.Version));
        Assert.Equal([2], row.Lineage!);
        Assert.Equal(1, await LiveAsync(Key(1, "a")));
    }

    [ComplianceFact]
    public async Task Change_that_decides_nothing_leaves_no_row_behind()
    {
        Assert.Equal(0, await LiveAsync(Key(1, "new"), creates: true));

        Assert.Null(await Credentials.ReadAsync(Key(1, "new"), None));
    }

    [ComplianceFact]
    public async Task Users_and_servers_are_apart()
    {
        await DepositAsync(Key(1, "a"), row => row with { Lineage = [1] });
        await DepositAsync(Key(1, "b"), row => row with { Lineage = [2] });
        await DepositAsync(Key(2, "a"), row => row with { Lineage = [3] });
        await DepositAsync(Key(1, "a"), row => row with { State = CredentialState.Absent, Lineage = null });
        Assert.Null((await RowAsync(Key(1, "a"))).Lineage);
        Assert.Equal([2], (await RowAsync(Key(1, "b"))).Lineage!);
        Assert.Equal([3], (await RowAsync(Key(2, "a"))).Lineage!);
        Assert.Equal(1, await LiveAsync(Key(1, "a")));
    }

    [ComplianceFact]
    public async Task Change_of_an_unknown_key_without_creating_sees_no_row_and_inserts_nothing()
    {
        Assert.True(await Credentials.ChangeAsync(Key(1), default, ledger => new CredentialDecision<bool>(ledger.Row is null), None));
        Assert.Null(await Credentials.ReadAsync(Key(1), None));
    }

    [ComplianceFact]
    public async Task Change_that_creates_shows_an_absent_row_of_no_generation()
    {
        var seen = await Credentials.ChangeAsync(
            Key(1), new CredentialChangeOptions(CreatesRow: true), ledger => new CredentialDecision<CredentialRow>(ledger.Row!), None);
        Assert.Equal((CredentialState.Absent, Generation.None, 0L), (seen.State, seen.Generation, seen.Version));
    }

    [ComplianceFact]
    public async Task Decision_with_a_row_for_an_unknown_key_is_a_defect()
    {
        await Assert.ThrowsAsync<InvalidOperationException>(() => Credentials.ChangeAsync(
            Key(1), default, _ => new CredentialDecision<bool>(true, new CredentialRow { Key = Key(1) }), None));
        Assert.Null(await Credentials.ReadAsync(Key(1), None));
    }

    [ComplianceFact]
    public async Task Decision_that_throws_changes_nothing_and_its_exception_arrives()
    {
        var before = await DepositAsync(Key(1));
        await Assert.ThrowsAsync<FormatException>(() => Credentials.ChangeAsync<bool>(
            Key(1), new CredentialChangeOptions(DrawsGeneration: true), _ => throw new FormatException(), None));
        Assert.Equal(before, (await RowAsync(Key(1))).Generation);
        await DepositAsync(Key(1));
    }

    [ComplianceFact]
    public async Task Generations_drawn_concurrently_or_not_used_are_never_drawn_again()
    {
        var draws = Enumerable.Range(0, 200).Select(n => Credentials.ChangeAsync(
            Key(1 + (n % 7)),
            new CredentialChangeOptions(CreatesRow: true, DrawsGeneration: true),
            ledger => new CredentialDecision<Generation>(
                ledger.NextGeneration, n % 3 == 0 ? null : ledger.Row! with { Generation = ledger.NextGeneration }),
            None));
        var drawn = await Task.WhenAll(draws);
        Assert.Equal(200, drawn.Distinct().Count());
        Assert.All(drawn, generation => Assert.True(generation.Value > 0));
        Assert.DoesNotContain(await DepositAsync(Key(1)), drawn);
    }

    [ComplianceFact]
    public async Task Changes_of_one_key_at_once_each_see_the_one_before()
    {
        await DepositAsync(Key(1));
        await Task.WhenAll(Enumerable.Range(0, 100).Select(_ => Credentials.ChangeAsync(
            Key(1), default, ledger => new CredentialDecision<int>(0, ledger.Row! with { Failures = ledger.Row.Failures + 1 }), None)));
        var row = await RowAsync(Key(1));
        Assert.Equal((100, 101L), (row.Failures, row.Version));
    }

    [ComplianceFact]
    public async Task Intents_of_the_generation_come_in_order_and_close_with_it()
    {
        var node = await Nodes.EnterAsync("a", None);
        await DepositAsync(Key(1));
        await OpenIntentAsync(Key(1), node, ordinal: 1);
        await OpenIntentAsync(Key(1), node, ordinal: 2);
        var intents = await IntentsAsync(Key(1));
        Assert.Equal([1, 2], intents.Select(intent => intent.Ordinal));
        Assert.All(intents, intent => Assert.Equal(node, intent.Owner));
        Assert.Equal(Clock.GetUtcNow().AddSeconds(120), intents[0].Deadline);

        await DepositAsync(Key(1));
        Assert.Empty(await IntentsAsync(Key(1)));
    }

    [ComplianceFact]
    public async Task Intent_written_again_is_updated()
    {
        var node = await Nodes.EnterAsync("a", None);
        await DepositAsync(Key(1));
        await OpenIntentAsync(Key(1), node);
        await Credentials.ChangeAsync(
            Key(1),
            default,
            ledger => new CredentialDecision<bool>(true, ledger.Row! with { State = CredentialState.Unresolved }, [ledger.Intents[0] with
            {
                Settlement = IntentSettlement.Refused,
                RecordedFailure = CredentialReason.Revoked,
            }]),
            None);
        var intent = Assert.Single(await IntentsAsync(Key(1)));
        Assert.Equal((IntentSettlement.Refused, CredentialReason.Revoked), (intent.Settlement, intent.RecordedFailure));
    }

    [ComplianceFact]
    public async Task Intent_of_a_former_generation_does_not_come_back_with_a_late_settlement()
    {
        var node = await Nodes.EnterAsync("a", None);
        await DepositAsync(Key(1));
        await OpenIntentAsync(Key(1), node);
        await Credentials.ChangeAsync(
            Key(1),
            new CredentialChangeOptions(DrawsGeneration: true),
            ledger => new CredentialDecision<bool>(
                true,
                ledger.Row! with { Generation = ledger.NextGeneration, State = CredentialState.Ready },
                [ledger.Intents[0] with { Settlement = IntentSettlement.NotSpent }]),
            None);
        Assert.Empty(await IntentsAsync(Key(1)));
    }

    [ComplianceFact]
    public async Task Incarnation_written_down_as_gone_or_unknown_opens_no_intent()
    {
        var node = await Nodes.EnterAsync("a", None);
        await DepositAsync(Key(1));
        Assert.True(await OpenIntentAsync(Key(1), node));
        await Nodes.MarkGoneAsync(node, None);
        Assert.False(await OpenIntentAsync(Key(1), node, ordinal: 2));
        Assert.False(await OpenIntentAsync(Key(1), new NodeRef("never", 5), ordinal: 2));
        Assert.True(Assert.Single(await IntentsAsync(Key(1))).OwnerGone);
    }

    [ComplianceFact]
    public async Task No_intent_of_an_incarnation_begins_after_it_was_marked_gone()
    {
        for (var round = 1; round <= 20; round++)
        {
            var node = await Nodes.EnterAsync("a", None);
            var keys = Enumerable.Range(1, 8).Select(n => Key((round * 100) + n)).ToList();
            await Task.WhenAll(keys.Select(key => DepositAsync(key)));

            var openings = keys.Select(key => OpenIntentAsync(key, node)).ToList();
            await Nodes.MarkGoneAsync(node, None);
            var before = await Task.WhenAll(keys.Select(async key => (await RowAsync(key)).State));
            await Task.WhenAll(openings);

            // What is open now was open when the mark was set.
            var after = await Task.WhenAll(keys.Select(async key => (await RowAsync(key)).State));
            Assert.Equal(before, after);
        }
    }

    [ComplianceFact]
    public async Task FindUnresolved_pages_through_what_a_recovery_looks_at()
    {
        var node = await Nodes.EnterAsync("a", None);
        await DepositAsync(Key(1, "ready"));
        await DepositAsync(Key(2, "b"));
        await OpenIntentAsync(Key(2, "b"), node);
        await DepositAsync(Key(2, "A"), row => row with { State = CredentialState.Unresolved });
        await DepositAsync(Key(3), row => row with { State = CredentialState.Unresolved, RetryAt = Clock.GetUtcNow() });
        await DepositAsync(Key(4), row => row with { State = CredentialState.Unresolved, RetryAt = Clock.GetUtcNow().AddSeconds(1) });

        var first = await Credentials.FindUnresolvedAsync(null, 2, None);
        var rest = await Credentials.FindUnresolvedAsync(first[^1], 10, None);
        Assert.Equal([Key(2, "A"), Key(2, "b")], first);
        Assert.Equal([Key(3)], rest);

        Clock.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal([Key(4)], await Credentials.FindUnresolvedAsync(Key(3), 10, None));
    }

    [ComplianceFact]
    public async Task Change_is_announced_after_its_commit_and_a_mere_look_is_not()
    {
        var heard = new Signals<Change>();
        using var subscription = Host.Changes.Subscribe(heard.Add);
        await DepositAsync(Key(1));
        await IntentsAsync(Key(1));
        await DepositAsync(Key(2));
        await heard.WaitForAsync(change => change == new Change.Credential(Key(2)));
        Assert.Single(heard.Seen, change => change == new Change.Credential(Key(1)));
    }

    private static CredentialRow Scalars(CredentialRow row) => row with
    {
        RefreshToken = null,
        KeptRefreshToken = null,
        AccessToken = null,
        Lineage = null,
    };

    private static ClientRegistration? Scalars(ClientRegistration? client) =>
        client is null ? null : client with { ClientSecret = null };

    private Task<int> LiveAsync(CredentialKey key, bool creates = false) => Credentials.ChangeAsync(
        key,
        new CredentialChangeOptions(CreatesRow: creates, CountsLive: true),
        ledger => new CredentialDecision<int>(ledger.LiveOfUser),
        None);
}

public sealed class SqliteFileCredentialStoreTests : CredentialStoreCompliance
{
    protected override Task<StorageBackend> CreateBackendAsync() => Task.FromResult<StorageBackend>(new SqliteFileBackend());
}

public sealed class SqliteMemoryCredentialStoreTests : CredentialStoreCompliance
{
    protected override Task<StorageBackend> CreateBackendAsync() => Task.FromResult<StorageBackend>(new SqliteMemoryBackend());
}

public sealed class ModelOfSqliteCredentialStoreTests : CredentialStoreCompliance
{
    protected override Task<StorageBackend> CreateBackendAsync() => Task.FromResult<StorageBackend>(new ModelBackend(ModelFlavour.Sqlite));
}

public sealed class ModelOfPostgresCredentialStoreTests : CredentialStoreCompliance
{
    protected override Task<StorageBackend> CreateBackendAsync() => Task.FromResult<StorageBackend>(new ModelBackend(ModelFlavour.Postgres));
}

[NeedsPostgres]
public sealed class PostgresCredentialStoreTests : CredentialStoreCompliance
{
    protected override async Task<StorageBackend> CreateBackendAsync() => await PostgresBackend.CreateAsync();
}
