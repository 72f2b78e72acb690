using Executor.Credentials;
using Executor.Nodes;
using Executor.Runs;
using Executor.Storage;
using Executor.Storage.Databases.Postgres;
using Executor.Tests.Infrastructure;
using Npgsql;

namespace Executor.Tests.Storage;

[NeedsPostgres]
public sealed class PostgresStorageTests : StorageTest
{
    private PostgresBackend Postgres => (PostgresBackend)Backend;

    [PostgresFact]
    public async Task Connections_that_the_server_ended_are_replaced_without_the_caller_noticing()
    {
        await Task.WhenAll(Enumerable.Range(1, 20).Select(n => DepositAsync(Key(n))));
        await Postgres.ExecuteAsync(
            $"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = '{ApplicationName}' AND pid <> pg_backend_pid()");
        await Task.WhenAll(Enumerable.Range(1, 20).Select(n => DepositAsync(Key(n))));
    }

    [PostgresFact]
    public async Task Connection_cut_while_deciding_makes_the_decision_again_and_once_only_in_effect()
    {
        await DepositAsync(Key(1));
        var decisions = 0;
        await Credentials.ChangeAsync(
            Key(1),
            default,
            ledger =>
            {
                if (Interlocked.Increment(ref decisions) == 1)
                    CutOthers();
                return new CredentialDecision<bool>(true, ledger.Row! with { Failures = ledger.Row.Failures + 1 });
            },
            None).ContinueWith(task => task.IsFaulted ? Assert.IsType<StoreUnavailableException>(task.Exception!.InnerException) : null);

        // Cut before or after the commit was sent: in no case is it counted twice.
        Assert.InRange((await RowAsync(Key(1))).Failures, 0, 1);

        void CutOthers() => Postgres.ExecuteAsync(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            + $"WHERE application_name = '{ApplicationName}' AND state = 'idle in transaction'").GetAwaiter().GetResult();
    }

    [Fact]
    public void Bare_exception_of_the_driver_is_a_lost_connection_and_of_anybody_else_a_defect()
    {
        var driver = Bare("Npgsql");
        var other = Bare("Executor");

        Assert.Equal((true, true), (PostgresFaults.IsUnavailable(driver), PostgresFaults.IsConnectionLoss(driver)));
        Assert.Equal((false, false), (PostgresFaults.IsUnavailable(other), PostgresFaults.IsConnectionLoss(other)));

        static Exception Bare(string source)
        {
            var fault = Activator.CreateInstance<Exception>();
            fault.Source = source;
            return fault;
        }
    }

    [Fact]
    public void Connection_that_the_driver_takes_down_as_it_hands_it_out_is_a_lost_one()
    {
        // What the driver throws from its own parts when the server has ended all sessions.
        var fault = new ObjectDisposedException("System.Threading.ManualResetEventSlim");

        Assert.Equal((true, true), (PostgresFaults.IsUnavailable(fault), PostgresFaults.IsConnectionLoss(fault)));
    }

    [PostgresFact]
    public async Task Server_that_is_not_there_is_unavailable_and_an_operator_is_told_which()
    {
        var missing = new StorageProvider.Postgres("Host=/tmp/executor-no-such-socket;Username=u;Password=secret;Database=x;Timeout=2");
        var fault = await Assert.ThrowsAsync<StoreUnavailableException>(() => StorageHost.StartAsync(new StorageOptions(missing)));
        Assert.Contains("PostgreSQL at /tmp/executor-no-such-socket/.s.PGSQL.5432", fault.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", fault.ToString(), StringComparison.Ordinal);
    }

    [PostgresFact]
    public async Task Caller_that_gives_up_waiting_for_a_lock_is_let_go_and_changes_nothing()
    {
        await DepositAsync(Key(1));
        var server = await PrivatePostgres.GetAsync();
        await using var connection = new NpgsqlConnection($"{server.ConnectionString()};Pooling=false;Search Path={Postgres.Schema}");
        await connection.OpenAsync();
        await using var transaction = await connection.BeginTransactionAsync();
        await using (var command = new NpgsqlCommand("SELECT 1 FROM credentials FOR UPDATE", connection, transaction))
            await command.ExecuteScalarAsync();
        using var cancellation = new CancellationTokenSource(TimeSpan.FromMilliseconds(300));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Credentials.ChangeAsync(
            Key(1), default, ledger => new CredentialDecision<bool>(true, ledger.Row! with { Failures = 1 }), cancellation.Token));
        await transaction.RollbackAsync();
        Assert.Equal(0, (await RowAsync(Key(1))).Failures);
    }

    [PostgresFact]
    public async Task Move_of_a_run_that_somebody_holds_locked_keeps_no_other_waiting()
    {
        var held = Assert.Single(await Runs.ClaimAsync([(await InsertRunAsync(1)).Id], new NodeRef("a", 1), None));
        var free = Assert.Single(await Runs.ClaimAsync([(await InsertRunAsync(1)).Id], new NodeRef("a", 1), None));
        var server = await PrivatePostgres.GetAsync();
        await using var connection = new NpgsqlConnection($"{server.ConnectionString()};Pooling=false;Search Path={Postgres.Schema}");
        await connection.OpenAsync();
        await using var transaction = await connection.BeginTransactionAsync();
        await using (var command = new NpgsqlCommand($"SELECT 1 FROM runs WHERE id = '{held.Run.Id}' FOR UPDATE", connection, transaction))
            await command.ExecuteScalarAsync();

        var waiting = MoveAsync(held);
        Assert.True(await MoveAsync(free));
        Assert.False(waiting.IsCompleted);
        await transaction.RollbackAsync();
        Assert.True(await waiting);
        Assert.Equal((1, 1), ((await RunAsync(held.Run.Id)).Position, (await RunAsync(free.Run.Id)).Position));

        Task<bool> MoveAsync(RunRecord run) => Runs.ChangeAsync(
            new KnownRun(run.Run, run.Steps[0]), ledger => new RunDecision<bool>(true, ledger.Run! with { Position = 1 }), None);
    }

    [PostgresFact]
    public async Task Read_only_database_is_reachable_and_not_ready()
    {
        var server = await PrivatePostgres.GetAsync();
        await using var host = await StorageHost.StartAsync(new StorageOptions(new StorageProvider.Postgres(
            server.ConnectionString(), Postgres.Schema)));
        Assert.True((await host.Health.CheckAsync(None)).IsReady);
        await using var standby = await StorageHost.StartAsync(new StorageOptions(new StorageProvider.Postgres(
            server.ConnectionString() + ";Options=-c default_transaction_read_only=on", Postgres.Schema)));

        var health = await standby.Health.CheckAsync(None);

        Assert.Equal((true, true, false), (health.Reachable, health.IsReadOnly, health.IsReady));
    }

    [PostgresFact]
    public async Task Sessions_commit_synchronously_whatever_the_connection_string_adds()
    {
        var server = await PrivatePostgres.GetAsync();
        await using var host = await StorageHost.StartAsync(new StorageOptions(new StorageProvider.Postgres(
            server.ConnectionString() + ";Options=-c synchronous_commit=off", Postgres.Schema)));
        Assert.Equal("on", await host.Database.ReadFirstAsync<string>("SHOW synchronous_commit;", new(), None));
    }

    [PostgresFact]
    public async Task Server_clock_is_used_where_none_is_set()
    {
        await using var host = await Postgres.OpenAsync();
        var before = DateTimeOffset.UtcNow.AddSeconds(-2);
        var seen = await host.Credentials.ChangeAsync(
            Key(1), new CredentialChangeOptions(CreatesRow: true), ledger => new CredentialDecision<DateTimeOffset>(ledger.Now), None);
        Assert.InRange(seen, before, before.AddSeconds(60));
        var run = NewRow(1, createdAt: seen.AddHours(1));
        await host.Runs.InsertAsync(run, Steps(1), null, None);

        // Created by a node whose clock is ahead: due all the same.
        Assert.Equal([run.Id], (await host.Runs.FindReadyAsync(1, 1, [], None)).Runs.Select(ready => ready.Id));
        Assert.Single(await host.Runs.ClaimAsync([run.Id], new NodeRef("a", 1), None));
    }

    [PostgresFact]
    public async Task Change_costs_two_round_trips()
    {
        await DepositAsync(Key(1));
        var run = await InsertRunAsync(1);
        Assert.Equal(2, await RoundTripsAsync(() => DepositAsync(Key(1))));
        Assert.Equal(2, await RoundTripsAsync(() => ChangeRunAsync(run.Id, row => row with { Position = 1 })));
        Assert.Equal(1, await RoundTripsAsync(() => Runs.ClaimAsync([run.Id], new NodeRef("a", 1), None)));
        Assert.Equal(1, await RoundTripsAsync(() => Runs.ReadAsync(run.Id, None)));

        // Each round trip ends one statement batch, which Npgsql counts as one command.
        static async Task<int> RoundTripsAsync(Func<Task> act)
        {
            var count = 0;
            using var activity = new System.Diagnostics.Activity("test").Start();
            using var listener = new System.Diagnostics.ActivityListener
            {
                ShouldListenTo = source => string.Equals(source.Name, "Npgsql", StringComparison.Ordinal),
                Sample = (ref System.Diagnostics.ActivityCreationOptions<System.Diagnostics.ActivityContext> _) =>
                    System.Diagnostics.ActivitySamplingResult.AllData,
                ActivityStopped = span =>
                {
                    // Other tests' spans are recorded for other listeners, and told here too.
                    if (span.TraceId == activity.TraceId && (span.GetTagItem("db.query.text") ?? span.GetTagItem("db.statement")) is not null)
                        Interlocked.Increment(ref count);
                },
            };
            System.Diagnostics.ActivitySource.AddActivityListener(listener);
            await act();
            return count;
        }
    }

    protected override async Task<StorageBackend> CreateBackendAsync() => await PostgresBackend.CreateAsync();

    private string ApplicationName => Postgres.Schema;
}
