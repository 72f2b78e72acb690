using System.Diagnostics;
using Dapper;
using Executor.Credentials;
using Executor.Nodes;
using Executor.Storage;
using Executor.Storage.Databases;
using Executor.Storage.Databases.Sqlite;
using Executor.Tests.Infrastructure;
using Microsoft.Data.Sqlite;

namespace Executor.Tests.Storage;

public sealed class SqliteFileTests : StorageTest
{
    private static readonly SqlArguments NoArguments = new();

    private string File => ((SqliteFileBackend)Backend).Path;

    [Fact]
    public async Task Second_open_of_the_file_is_refused_and_possible_again_after_the_first_has_closed()
    {
        var refusal = await Assert.ThrowsAsync<StorageStartException>(() => Backend.OpenAsync(Clock));
        Assert.Contains("another node has it open", refusal.Message, StringComparison.Ordinal);
        await RestartAsync();
    }

    [Fact]
    public async Task Second_open_through_a_link_is_refused()
    {
        var link = System.IO.File.CreateSymbolicLink(File + ".link", File).FullName;
        await Assert.ThrowsAsync<StorageStartException>(
            () => StorageHost.StartAsync(new StorageOptions(new StorageProvider.Sqlite(link))));
    }

    [Fact]
    public async Task File_locked_by_another_process_is_refused_until_that_process_is_killed()
    {
        await using var backend = new SqliteFileBackend();
        using var holder = Process.Start(new ProcessStartInfo("flock", [backend.Path + ".lock", "-c", "echo held; exec cat"])
        {
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
        })!;
        Assert.Equal("held", await holder.StandardOutput.ReadLineAsync());
        await Assert.ThrowsAsync<StorageStartException>(() => backend.OpenAsync(Clock));

        holder.Kill(entireProcessTree: true);
        await holder.WaitForExitAsync();
        await using var host = await OpenAsync();

        // The killed shell's child may hold the lock for a moment longer.
        async Task<StorageHost> OpenAsync()
        {
            StorageHost? opened = null;
            await Eventually.TrueAsync(async () =>
            {
                try
                {
                    opened = await backend.OpenAsync(Clock);
                    return true;
                }
                catch (StorageStartException)
                {
                    return false;
                }
            });
            return opened!;
        }
    }

    [Fact]
    public async Task File_in_a_directory_that_does_not_exist_is_a_start_fault() =>
        await Assert.ThrowsAsync<StorageStartException>(
            () => StorageHost.StartAsync(new StorageOptions(new StorageProvider.Sqlite(File + ".missing/x.db"))));

    [Fact]
    public async Task File_that_is_no_database_is_a_start_fault_and_is_left_unlocked()
    {
        await using var backend = new SqliteFileBackend();
        await System.IO.File.WriteAllTextAsync(backend.Path, new string('x', 5000));
        await Assert.ThrowsAsync<StorageStartException>(() => backend.OpenAsync(Clock));
        System.IO.File.Delete(backend.Path);
        await using var host = await backend.OpenAsync(Clock);
    }

    [Fact]
    public void Files_are_readable_by_their_owner_only()
    {
        if (OperatingSystem.IsWindows())
            return;
        foreach (var file in Directory.EnumerateFiles(Path.GetDirectoryName(File)!))
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, System.IO.File.GetUnixFileMode(file));
    }

    [Fact]
    public async Task Commits_are_flushed_to_a_write_ahead_log()
    {
        Assert.Equal("wal", await Host.Database.ReadFirstAsync<string>("PRAGMA journal_mode;", NoArguments, None));

        // 2 is FULL; on the writer's connection, which is the one that counts.
        Assert.Equal(2, await Host.Database.WriteAsync(
            session => session.QueryAsync("PRAGMA synchronous;", NoArguments, grid => grid.ReadSingleAsync<int>()), None));
    }

    [Fact]
    public async Task Transactions_that_share_a_commit_fail_alone()
    {
        // The writer is held, so that the rest wait together and share the next commit.
        using var mayGoOn = new ManualResetEventSlim();
        var holding = Credentials.ChangeAsync(
            Key(1000), new CredentialChangeOptions(CreatesRow: true), Hold, None);
        var good = Enumerable.Range(1, 40).Select(n => DepositAsync(Key(n))).ToList();
        var refused = Enumerable.Range(41, 10).Select(n => DepositAsync(Key(n), row => row with { Client = null })).ToList();
        var broken = Enumerable.Range(51, 10).Select(n => DepositAsync(Key(n), _ => throw new FormatException())).ToList();
        var late = Enumerable.Range(61, 10).Select(n => DepositAsync(Key(n))).ToList();
        mayGoOn.Set();
        await holding;

        await Task.WhenAll([.. good, .. late]);
        foreach (var failure in refused)
            Assert.Equal(19, (await Assert.ThrowsAsync<SqliteException>(() => failure)).SqliteErrorCode);
        foreach (var failure in broken)
            await Assert.ThrowsAsync<FormatException>(() => failure);
        for (var n = 1; n <= 70; n++)
            Assert.Equal(n is <= 40 or > 60, await Credentials.ReadAsync(Key(n), None) is not null);

        CredentialDecision<bool> Hold(CredentialLedger ledger)
        {
            mayGoOn.Wait(TimeSpan.FromSeconds(15));
            return new CredentialDecision<bool>(true);
        }
    }

    [Fact]
    public async Task Transactions_that_wait_together_share_commits()
    {
        var database = (SqliteDatabase)Host.Database;
        var before = database.Commits;
        await Task.WhenAll(Enumerable.Range(1, 200).Select(n => DepositAsync(Key(n))));
        Assert.InRange(database.Commits - before, 1, 100);
    }

    [Fact]
    public async Task Batch_whose_commit_fails_answers_nobody_with_success()
    {
        // A deferred foreign key is checked by the COMMIT, so it is the COMMIT that fails.
        await Host.Database.WriteAsync(
            "CREATE TABLE parent (id INTEGER PRIMARY KEY); "
            + "CREATE TABLE child (id INTEGER REFERENCES parent (id) DEFERRABLE INITIALLY DEFERRED);",
            NoArguments,
            None);
        await DepositAsync(Key(1000));
        using var mayGoOn = new ManualResetEventSlim();
        var holding = Credentials.ChangeAsync(
            Key(1001),
            default,
            _ =>
            {
                mayGoOn.Wait(TimeSpan.FromSeconds(15));
                return new CredentialDecision<bool>(true);
            },
            None);
        var deposits = Enumerable.Range(1, 30).Select(n => DepositAsync(Key(n))).ToList();
        var poison = Host.Database.WriteAsync("INSERT INTO child (id) VALUES (1);", NoArguments, None);
        deposits.AddRange(Enumerable.Range(31, 30).Select(n => DepositAsync(Key(n))));
        mayGoOn.Set();

        await Assert.ThrowsAsync<StoreUnavailableException>(() => poison);
        await Task.WhenAny(holding);
        await Task.WhenAny(Task.WhenAll(deposits));

        // How long the batches are depends on the machine; those beside the poison shared its fate, and everybody was told the truth.
        Assert.Contains(deposits, deposit => deposit.IsFaulted);
        for (var n = 1; n <= deposits.Count; n++)
        {
            var deposit = deposits[n - 1];
            Assert.True(deposit.IsCompletedSuccessfully || deposit.Exception!.InnerException is StoreUnavailableException);
            Assert.Equal(deposit.IsCompletedSuccessfully, await Credentials.ReadAsync(Key(n), None) is not null);
        }

        await DepositAsync(Key(1));
    }

    [Fact]
    public async Task Cancelled_before_its_turn_a_transaction_does_nothing()
    {
        using var cancellation = new CancellationTokenSource();
        using var mayGoOn = new ManualResetEventSlim();
        var holding = Host.Database.WriteAsync(
            session =>
            {
                mayGoOn.Wait(TimeSpan.FromSeconds(15));
                return session.QueryAsync("SELECT 1;", NoArguments, grid => grid.ReadSingleAsync<int>());
            },
            None);
        var cancelled = Credentials.ChangeAsync(
            Key(1), new CredentialChangeOptions(CreatesRow: true), _ => new CredentialDecision<bool>(true), cancellation.Token);
        await cancellation.CancelAsync();
        mayGoOn.Set();
        await holding;
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => cancelled);
        Assert.Null(await Credentials.ReadAsync(Key(1), None));
    }

    [Fact]
    public async Task Use_after_close_says_that_the_store_is_unavailable()
    {
        await using var backend = new SqliteFileBackend();
        var host = await backend.OpenAsync(Clock);
        var store = host.Credentials;
        await host.DisposeAsync();
        await Assert.ThrowsAsync<StoreUnavailableException>(
            () => store.ChangeAsync(Key(1), default, _ => new CredentialDecision<bool>(true), None));
    }

    [Fact]
    public void Schema_refuses_a_token_without_an_endpoint_and_a_second_row_of_a_key()
    {
        using var connection = new SqliteConnection($"Data Source={File};Pooling=False");
        connection.Open();
        const string Insert =
            "INSERT INTO credentials (user_id, mcp_server_id, generation, state, reason, refresh_token, token_endpoint, auth_method, "
            + "try_kept, failures, version) VALUES (1, 'a', 1, 'ready', 'none', x'01', {0}, {1}, 0, 0, 0);";
        Assert.Throws<SqliteException>(() => connection.Execute(string.Format(null, Insert, "NULL", "NULL")));
        Assert.Equal(1, connection.Execute(string.Format(null, Insert, "'https://x'", "'none'")));
        Assert.Throws<SqliteException>(() => connection.Execute(string.Format(null, Insert, "'https://x'", "'none'")));
    }

    protected override Task<StorageBackend> CreateBackendAsync() => Task.FromResult<StorageBackend>(new SqliteFileBackend());
}
