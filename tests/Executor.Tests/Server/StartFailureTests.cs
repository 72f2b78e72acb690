using System.Net;
using System.Net.Sockets;
using Executor.Storage.Databases.Sqlite;
using Executor.Tests.Infrastructure;
using Microsoft.Data.Sqlite;

namespace Executor.Tests.Server;

/// <summary>What an operator reads when a node does not start: where, what, what to do; no stack, no secret.</summary>
public sealed class StartFailureTests : IDisposable
{
    private const string Password = "pw-SECRET";

    private static readonly (string, string) Secret = ("EXECUTOR_AUTH_SECRET", TestTokens.Secret);

    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("executor-");

    public void Dispose() => _directory.Delete(recursive: true);

    [Fact]
    public Task Database_that_nobody_listens_for_is_named_with_host_and_port()
    {
        var port = Ports.Free();
        return FailsAsync([$"PostgreSQL at 127.0.0.1:{port}", "nothing listens there"], Url($"127.0.0.1:{port}/x"));
    }

    [Fact]
    public Task Host_name_that_does_not_exist_is_named() =>
        FailsAsync(["PostgreSQL at no-such-host.invalid:5432", "host name"], Url("no-such-host.invalid/x"));

    [Fact]
    public async Task Something_else_at_the_databases_port_is_told()
    {
        using var other = new TcpListener(IPAddress.Loopback, 0);
        other.Start();
        var hangingUp = Task.Run(async () =>
        {
            while (true)
                (await other.AcceptTcpClientAsync()).Dispose();
        });
        var port = ((IPEndPoint)other.LocalEndpoint).Port;

        await FailsAsync([$"PostgreSQL at 127.0.0.1:{port}", "Is it a PostgreSQL"], Url($"127.0.0.1:{port}/x"));
        other.Stop();
        await Assert.ThrowsAnyAsync<Exception>(() => hangingUp);
    }

    [PostgresFact]
    public async Task Servers_refusals_are_explained()
    {
        await using var server = await PrivatePostgres.StartAsync();
        await server.ExecuteAsync("CREATE ROLE known LOGIN PASSWORD 'another'");
        await server.ExecuteAsync("CREATE ROLE reader LOGIN");
        await server.PutAsync(
            "pg_hba.conf", "host all known 127.0.0.1/32 scram-sha-256\nhost all barred 127.0.0.1/32 reject\nhost all all 127.0.0.1/32 trust\n");
        await server.ExecuteAsync("SELECT pg_reload_conf()");
        var at = $"127.0.0.1:{server.Port}";
        string Of(string user, string database) => $"postgres://{user}:{Password}@{at}/{database}";

        await Eventually.TrueAsync(async () =>
        {
            using var node = Start(("DATABASE_URL", Of("known", "postgres")), ("DATABASE_SSL", "false"));
            await node.ExitCodeAsync();
            return node.Errors.Contains("refuses the password of the user 'known' (28P01)", StringComparison.Ordinal);
        });
        await FailsAsync([at, "has no database 'missing'", "DATABASE_NAME"], ("DATABASE_URL", Of("postgres", "missing")), ("DATABASE_SSL", "false"));
        await FailsAsync([at, "does not let the user 'barred'", "pg_hba.conf"], ("DATABASE_URL", Of("barred", "postgres")), ("DATABASE_SSL", "false"));
        await FailsAsync([at, "the user 'reader' lacks the right"], ("DATABASE_URL", Of("reader", "postgres")), ("DATABASE_SSL", "false"));
        await FailsAsync([at, "speaks no TLS", "DATABASE_SSL=false"], ("DATABASE_URL", Of("postgres", "postgres")));
        await server.SetReadOnlyAsync(true);
        await FailsAsync([at, "read-only"], ("DATABASE_URL", Of("postgres", "postgres")), ("DATABASE_SSL", "false"));
    }

    [Fact]
    public async Task Taken_port_is_named_with_the_setting()
    {
        using var other = new TcpListener(IPAddress.Loopback, 0);
        other.Start();
        var port = ((IPEndPoint)other.LocalEndpoint).Port;

        using var node = NodeProcess.Start(["--in-memory", "--http-host", "127.0.0.1", "--http-port", $"{port}"], Secret);

        await FailsAsync(node, [$"HTTP_PORT: 127.0.0.1:{port} is in use"]);
    }

    [Fact]
    public async Task Address_of_another_machine_is_named_with_the_setting()
    {
        using var node = NodeProcess.Start(["--in-memory", "--http-host", "192.0.2.1", "--http-port", "0"], Secret);

        await FailsAsync(node, ["HTTP_HOST: 192.0.2.1:0 is not an address of this machine"]);
    }

    [Fact]
    public async Task Database_file_that_cannot_be_used_is_named_with_its_path()
    {
        var text = Path.Combine(_directory.FullName, "notes.txt");
        await File.WriteAllTextAsync(text, string.Concat(Enumerable.Repeat("not a database ", 100)));
        var inNoDirectory = Path.Combine(_directory.FullName, "missing", "node.db");

        await FailsAsync([text, "is not a SQLite database"], ("EXECUTOR_DATABASE_PATH", text));
        await FailsAsync([inNoDirectory, "directory does not exist"], ("EXECUTOR_DATABASE_PATH", inNoDirectory));
        await FailsAsync([_directory.FullName, "this is a directory"], ("EXECUTOR_DATABASE_PATH", _directory.FullName));
    }

    [Fact]
    public async Task Database_file_of_a_running_node_is_named_as_in_use()
    {
        var path = Path.Combine(_directory.FullName, "one.db");
        using var first = Start(("EXECUTOR_DATABASE_PATH", path));
        await first.AddressAsync();

        await FailsAsync([path, "another node has it open"], ("EXECUTOR_DATABASE_PATH", path));
    }

    [Theory]
    [InlineData(13, "the disk is full")]
    [InlineData(8, "may not write it")]
    [InlineData(14, "may not write it")]
    [InlineData(5, "another program has it locked")]
    [InlineData(11, "it is damaged")]
    [InlineData(26, "is not a SQLite database")]
    [InlineData(10, "the disk or file system fails")]
    public void Fault_of_sqlite_is_explained(int code, string expected) =>
        Assert.Contains(expected, SqliteStartFaults.Explain(new SqliteException("SECRET", code), "/var/x.db").Message, StringComparison.Ordinal);

    [Fact]
    public void Fault_of_the_file_system_is_explained()
    {
        Assert.Contains("the disk is full", SqliteStartFaults.Explain(new IOException("", 28), "/x.db").Message, StringComparison.Ordinal);
        Assert.Contains("read-only", SqliteStartFaults.Explain(new IOException("", 30), "/x.db").Message, StringComparison.Ordinal);
        Assert.Contains("may not write it", SqliteStartFaults.Explain(new UnauthorizedAccessException(), "/x.db").Message, StringComparison.Ordinal);
        Assert.True(SqliteStartFaults.IsTrouble(new IOException("", 28)));
        Assert.False(SqliteStartFaults.IsTrouble(new IOException("", 11))); // EWOULDBLOCK: somebody has it
    }

    private static (string, string)[] Url(string rest) => [("DATABASE_URL", $"postgres://u:{Password}@{rest}"), ("DATABASE_SSL", "false")];

    private static NodeProcess Start(params (string, string)[] settings) => NodeProcess.Start(["--http-port", "0"], [Secret, .. settings]);

    private static async Task FailsAsync(string[] expected, params (string, string)[] settings)
    {
        using var node = Start(settings);
        await FailsAsync(node, expected);
    }

    private static async Task FailsAsync(NodeProcess node, string[] expected)
    {
        Assert.Equal(1, await node.ExitCodeAsync());
        foreach (var text in expected)
            Assert.Contains(text, node.Errors, StringComparison.Ordinal);
        Assert.DoesNotContain("\n", node.Errors.Trim(), StringComparison.Ordinal); // one line: no stack
        Assert.DoesNotContain("SECRET", node.Errors + node.Output, StringComparison.Ordinal);
    }
}
