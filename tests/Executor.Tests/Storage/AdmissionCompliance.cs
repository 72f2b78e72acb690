using Executor.Credentials;
using Executor.Security;
using Executor.Storage;
using Executor.Storage.Databases;
using Executor.Tests.Infrastructure;
using Executor.Tests.Security;
using Microsoft.Extensions.Logging.Abstractions;

namespace Executor.Tests.Storage;

/// <summary>Which nodes a database lets in, by their keys.</summary>
public abstract class AdmissionCompliance : IAsyncLifetime
{
    private protected const string A = Keys.A;
    private protected const string B = Keys.B;
    private protected const string C = "cccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccc";

    private static readonly CredentialKey _key = new(Executor.Identity.UserId.From(7), Executor.Identity.McpServerId.From("crm"));

    private protected StorageBackend Backend { get; private set; } = null!;

    public async Task InitializeAsync() => Backend = await CreateBackendAsync();

    public async Task DisposeAsync() => await Backend.DisposeAsync();

    [ComplianceFact]
    public async Task Database_that_knows_a_key_refuses_a_node_with_another_and_stays_as_it_is()
    {
        await StartAndEndAsync(A, [], DepositAsync);
        var before = await ContentAsync();

        var refusal = await RefusedAsync(B);

        Assert.Contains("EXECUTOR_ENCRYPTION_KEY:", refusal, StringComparison.Ordinal);
        Assert.DoesNotContain(A, refusal, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain(B, refusal, StringComparison.OrdinalIgnoreCase);
        Assert.Equal(before, await ContentAsync());
        await StartAndEndAsync(A, []);
    }

    [ComplianceFact]
    public async Task Database_without_credentials_refuses_another_key_too()
    {
        await StartAndEndAsync(A, []);
        await RefusedAsync(B);
    }

    [ComplianceFact]
    public async Task Database_from_before_the_check_is_asked_by_its_rows()
    {
        await StartAndEndAsync(A, [], async host =>
        {
            await DepositAsync(host);
            await WriteAsync(host, "DELETE FROM encryption_keys;");
        });

        Assert.Contains("1 credential will have", await RefusedAsync(B), StringComparison.Ordinal);
        await StartAndEndAsync(A, []);
        await RefusedAsync(B);
    }

    [ComplianceFact]
    public async Task Node_without_a_key_starts_and_leaves_the_choice_to_the_first_that_has_one()
    {
        await StartAndEndAsync(null, []);
        await StartAndEndAsync(A, []);
        await StartAndEndAsync(null, [B]);
        await RefusedAsync(B);
    }

    [ComplianceFact]
    public async Task Rotation_passes_in_its_two_steps_and_ends_when_nothing_is_sealed_with_the_old_key()
    {
        await StartAndEndAsync(A, [], DepositAsync);
        await StartAndEndAsync(A, [B]);
        await StartAndEndAsync(B, [A]);

        var refusal = await RefusedAsync(B);
        Assert.Contains("EXECUTOR_ENCRYPTION_KEYS_RETIRED:", refusal, StringComparison.Ordinal);
        Assert.Contains("1 credential is", refusal, StringComparison.Ordinal);

        await StartAndEndAsync(B, [A], host => SweepAsync(host, B, A));
        await StartAndEndAsync(B, [], async host => Assert.Equal("rt", Open(B, await RowAsync(host))));
        await RefusedAsync(A);
    }

    [ComplianceFact]
    public async Task Sealing_anew_changes_nothing_but_the_seals_and_yields_to_whoever_changes_the_row()
    {
        await StartAndEndAsync(A, [], DepositAsync);
        await using var host = await StartAsync(B, [A]);
        var before = await RowAsync(host);
        var seals = new Executor.Storage.Credentials.CredentialSeals(host.Database);
        var found = Assert.Single(await seals.FindOthersAsync(Keys.Ring(B).CurrentId!.Value, null, 10, default));
        await host.Credentials.ChangeAsync(_key, default, ledger => new CredentialDecision<bool>(true, ledger.Row! with { Failures = 3 }), default);

        Assert.False(await seals.ReplaceAsync(Vault(B, A).Reseal(found), default));
        await SweepAsync(host, B, A);

        var after = await RowAsync(host);
        Assert.Equal("rt", Open(B, after));
        Assert.True(Vault(B).TryOpenClientSecret(after, out var secret));
        Assert.Equal("cs", secret!.Value.Value);
        Assert.Equal((before.Generation, before.State, 3), (after.Generation, after.State, after.Failures));
        Assert.Empty(await seals.FindOthersAsync(Keys.Ring(B).CurrentId!.Value, null, 10, default));
    }

    [ComplianceFact]
    public async Task Lost_key_is_replaced_on_purpose_and_its_users_are_told_why()
    {
        await StartAndEndAsync(A, [], DepositAsync);

        await using (var host = await StartAsync(B, [], replaces: true))
        {
            var row = await RowAsync(host);
            Assert.Equal((CredentialState.NeedsReauth, CredentialReason.KeyLost), (row.State, row.Reason));
            Assert.Null(row.RefreshToken);
            Assert.Null(row.Client!.ClientSecret);
        }

        await StartAndEndAsync(B, []);
        await RefusedAsync(A);
    }

    [ComplianceFact]
    public async Task Replacing_a_key_that_is_not_lost_gives_nothing_up()
    {
        await StartAndEndAsync(A, [], DepositAsync);

        await using var host = await StartAsync(A, [], replaces: true);

        Assert.Equal(CredentialState.Ready, (await RowAsync(host)).State);
    }

    [ComplianceFact]
    public async Task Adopted_copy_has_an_identity_and_no_secret_of_the_other_and_does_nothing_that_it_had_begun()
    {
        string? identity = null;
        await StartAndEndAsync(A, [], async host =>
        {
            await DepositAsync(host);
            identity = host.Memory.Current!.Value.Id;
            await WriteAsync(host, PendingRun);
        });

        Assert.Equal((1, 1), await StorageHost.AdoptCopyAsync(Backend.Provider));

        await StartAndEndAsync(B, [], async host =>
        {
            Assert.NotEqual(identity, host.Memory.Current!.Value.Id);
            var row = await RowAsync(host);
            Assert.Equal((CredentialState.NeedsReauth, CredentialReason.Copied), (row.State, row.Reason));
            Assert.True(row is { RefreshToken: null, AccessToken: null, KeptRefreshToken: null, Client.ClientSecret: null });
            Assert.Contains("status=cancelled", await host.Database.DumpAsync(), StringComparison.Ordinal);
            Assert.DoesNotContain("status=pending", await host.Database.DumpAsync(), StringComparison.Ordinal);
        });
    }

    protected abstract Task<StorageBackend> CreateBackendAsync();

    private protected Task<StorageHost> StartAsync(string? current, string[] retired, bool replaces = false) =>
        StorageHost.StartAsync(new StorageOptions(Backend.Provider) { Keys = Keys.Ring(current, retired), ReplacesLostKey = replaces });

    private protected async Task<string> RefusedAsync(string? current, params string[] retired) =>
        (await Assert.ThrowsAsync<StorageStartException>(() => StartAsync(current, retired))).Message;

    private protected async Task StartAndEndAsync(string? current, string[] retired, Func<StorageHost, Task>? work = null)
    {
        await using var host = await StartAsync(current, retired);
        var node = await host.Nodes.EnterAsync("n", default);
        if (work is not null)
            await work(host);
        await host.Nodes.LeaveAsync(node, default);
    }

    /// <summary>With the key that the tests begin with.</summary>
    private protected static Task DepositAsync(StorageHost host)
    {
        var deposit = new Deposit(new RefreshToken("rt"), "https://auth.example/token", "client", new ClientSecret("cs"));
        var change = new Executor.Credentials.Transitions.DepositCredential(_key, deposit, 10);
        return host.Credentials.ChangeAsync(
            _key,
            new CredentialChangeOptions(CreatesRow: true, DrawsGeneration: true, CountsLive: true),
            ledger => change.Decide(ledger, Vault(A)),
            default);
    }

    private const string PendingRun =
        "INSERT INTO runs (id, user_id, name, input, status, position, step_count, next_server, awaiting_reason, due_at, cancel_requested, fence, "
        + "version, created_at, updated_at) VALUES ('0190a000-0000-7000-8000-000000000001', 7, 'n', '{}', 'pending', 0, 1, 'crm', 'none', 1, 0, 0, 0, 1, 1);"
        + "INSERT INTO run_steps (run_id, idx, step_id, server, tool, arguments, on_unknown, status, attempts, error_retryable) "
        + "VALUES ('0190a000-0000-7000-8000-000000000001', 0, 'one', 'crm', 'echo', '{}', 'by-annotations', 'pending', 0, 0);";

    private static CredentialVault Vault(string current, params string[] retired)
    {
        var ring = Keys.Ring(current, retired);
        return new CredentialVault(new SecretBox(ring), new LineageHash(ring));
    }

    private static string? Open(string key, CredentialRow row) => Vault(key).TryOpenRefreshToken(row, out var token) ? token.Value : null;

    private static async Task<CredentialRow> RowAsync(StorageHost host) => (await host.Credentials.ReadAsync(_key, default))!.Row;

    private static Task SweepAsync(StorageHost host, string current, params string[] retired) => new Resealing(
        new Executor.Storage.Credentials.CredentialSeals(host.Database),
        Vault(current, retired),
        Keys.Ring(current, retired),
        TimeProvider.System,
        NullLogger<Resealing>.Instance).SweepAsync(default);

    private static Task WriteAsync(StorageHost host, string sql) => host.Database.WriteAsync(sql, new SqlArguments(), default);

    /// <summary>Read by one who checks no keys and enters nothing.</summary>
    private async Task<string> ContentAsync()
    {
        await using var host = await Backend.OpenAsync();
        var nodes = await host.Database.ReadListAsync<string>(
            "SELECT incarnation || ' ' || gone FROM node_incarnations UNION ALL SELECT key_id FROM encryption_keys "
            + "UNION ALL SELECT id || ' ' || entries FROM database_identity ORDER BY 1;", new SqlArguments(), default);
        return await host.Database.DumpAsync() + string.Join('\n', nodes);
    }
}

public sealed class SqliteAdmissionTests : AdmissionCompliance
{
    protected override Task<StorageBackend> CreateBackendAsync() => Task.FromResult<StorageBackend>(new SqliteFileBackend());

    [Fact]
    public async Task Database_file_that_is_replaced_under_its_node_is_written_no_more()
    {
        var path = ((SqliteFileBackend)Backend).Path;
        await using var host = await StartAsync(A, []);
        await DepositAsync(host);
        File.Copy(path, path + ".backup");
        await DepositAsync(host);
        File.Move(path + ".backup", path, overwrite: true);

        await Assert.ThrowsAsync<StoreUnavailableException>(() => DepositAsync(host));

        Assert.Contains("replaced", await host.Memory.Lost.WaitAsync(TimeSpan.FromSeconds(5)), StringComparison.Ordinal);
    }
}

[NeedsPostgres]
public sealed class PostgresAdmissionTests : AdmissionCompliance
{
    private PostgresBackend Postgres => (PostgresBackend)Backend;

    [PostgresFact]
    public async Task Of_two_nodes_with_different_keys_that_start_at_once_exactly_one_starts()
    {
        var starts = await Task.WhenAll(Enumerable.Range(0, 8).Select(async n =>
        {
            try
            {
                await using var host = await StartAsync(n % 2 == 0 ? A : B, []);
                return n % 2;
            }
            catch (StorageStartException)
            {
                return -1;
            }
        }));

        Assert.Equal(4, starts.Count(start => start >= 0));
        Assert.Single(starts.Where(start => start >= 0).Distinct());
    }

    [PostgresFact]
    public async Task Key_that_a_living_node_does_not_have_is_refused_as_the_current_one()
    {
        await using var other = await StartAsync(A, []);
        var node = await other.Nodes.EnterAsync("other", default);
        await DepositAsync(other);

        var refusal = await RefusedAsync(B, A);

        Assert.Contains("node other", refusal, StringComparison.Ordinal);
        await StartAndEndAsync(A, [B]);
        await other.Nodes.LeaveAsync(node, default);
        await StartAndEndAsync(B, [A]);
    }

    [PostgresFact]
    public async Task Key_that_a_living_node_seals_with_may_not_be_dropped_nor_called_lost()
    {
        await StartAndEndAsync(A, [B]);
        await using var other = await StartAsync(A, [B]);
        await other.Nodes.EnterAsync("other", default);
        await StartAndEndAsync(B, [A]);

        Assert.Contains("node other", await RefusedAsync(B), StringComparison.Ordinal);
        Assert.Contains(
            "node other",
            (await Assert.ThrowsAsync<StorageStartException>(() => StartAsync(C, [], replaces: true))).Message,
            StringComparison.Ordinal);
        await Assert.ThrowsAsync<StorageStartException>(() => StorageHost.AdoptCopyAsync(Backend.Provider));
    }

    [PostgresFact]
    public async Task Node_that_was_admitted_before_another_key_came_does_not_enter_without_it()
    {
        await using var admitted = await StartAsync(A, []);
        await StartAndEndAsync(B, [A]);

        var refusal = await Assert.ThrowsAsync<StorageStartException>(() => admitted.Nodes.EnterAsync("late", default));

        Assert.Contains("EXECUTOR_ENCRYPTION_KEYS_RETIRED", refusal.Message, StringComparison.Ordinal);
    }

    [PostgresTheory]
    [InlineData("UPDATE database_identity SET id = 'other'", "identity")]
    [InlineData("ALTER SEQUENCE generations RESTART", "generations")]
    [InlineData("UPDATE database_identity SET entries = 0", "entered")]
    [InlineData("UPDATE node_heartbeats SET counter = 1", "heartbeat")]
    [InlineData("DROP TABLE database_identity", "identity")]
    public async Task Connection_to_another_database_is_never_used(string difference, string reason)
    {
        await using var host = await StartAsync(A, []);
        var node = await host.Nodes.EnterAsync("n", default);
        await DepositAsync(host);
        await DepositAsync(host);
        for (var beat = 0; beat < 3; beat++)
            await host.Nodes.BeatAsync(node, default);

        await Postgres.ExecuteAsync(difference);
        await EndSessionsAsync();

        await Assert.ThrowsAsync<StoreUnavailableException>(() => DepositAsync(host));
        Assert.Contains(reason, await host.Memory.Lost.WaitAsync(TimeSpan.FromSeconds(5)), StringComparison.Ordinal);
        await Assert.ThrowsAsync<StoreUnavailableException>(() => host.Nodes.EnterAsync("again", default));
    }

    [PostgresFact]
    public async Task Generations_that_were_drawn_for_nothing_and_a_forgotten_incarnation_are_no_difference()
    {
        await using var host = await StartAsync(A, []);
        var node = await host.Nodes.EnterAsync("n", default);
        await DepositAsync(host);
        for (var n = 0; n < 40; n++)
            await host.Credentials.ChangeAsync(
                new CredentialKey(Executor.Identity.UserId.From(7), Executor.Identity.McpServerId.From("crm")),
                new CredentialChangeOptions(DrawsGeneration: true),
                _ => new CredentialDecision<bool>(false),
                default);
        await host.Nodes.BeatAsync(node, default);
        await Postgres.ExecuteAsync("DELETE FROM node_incarnations");
        await Postgres.ExecuteAsync($"SELECT setval('generations', {host.Memory.Current!.Value.Generation})");
        await EndSessionsAsync();

        await DepositAsync(host);

        Assert.False(host.Memory.Lost.IsCompleted);
    }

    protected override async Task<StorageBackend> CreateBackendAsync() => await PostgresBackend.CreateAsync();

    private Task EndSessionsAsync() => Postgres.ExecuteAsync(
        $"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = '{Postgres.Schema}' AND pid <> pg_backend_pid()");
}
