using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;

namespace Executor.Tests.Server;

/// <summary>A node that cannot start has done nothing: it is found out before anything is written or joined.</summary>
public sealed class FailedStartTests : IDisposable
{
    private const string OtherKey = "cccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccc";

    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("executor-");

    private string Database => Path.Combine(_directory.FullName, "one.db");

    public void Dispose() => _directory.Delete(recursive: true);

    [Theory]
    [InlineData("0.0.0.0", "*")]
    [InlineData("127.0.0.1", "127.0.0.1")]
    [InlineData("127.0.0.1", "localhost")]
    [InlineData("127.0.0.1", "*")]
    public async Task Taken_port_is_named_with_its_setting_and_the_database_stays_as_it_was(string taken, string host)
    {
        await StartAndStopAsync();
        var before = Content();
        using var other = new TcpListener(IPAddress.Parse(taken), 0);
        other.Start();
        var port = ((IPEndPoint)other.LocalEndpoint).Port;

        using var node = Start(TestTokens.EncryptionKey, "--http-port", $"{port}", "--http-host", host);

        Assert.Equal(1, await node.ExitCodeAsync());
        Assert.Contains($"HTTP_PORT: {host}:{port} is in use", node.Errors, StringComparison.Ordinal);
        Assert.Equal(before, Content());
    }

    [Fact]
    public async Task Taken_port_makes_no_database_at_all()
    {
        using var other = new TcpListener(IPAddress.Loopback, 0);
        other.Start();

        using var node = Start(
            TestTokens.EncryptionKey, "--http-port", $"{((IPEndPoint)other.LocalEndpoint).Port}", "--http-host", "127.0.0.1");

        Assert.Equal(1, await node.ExitCodeAsync());
        Assert.Empty(_directory.GetFiles());
    }

    [Fact]
    public async Task Other_key_names_its_setting_and_the_database_stays_as_it_was()
    {
        await StartAndStopAsync();
        var before = Content();

        using var node = Start(OtherKey, "--http-port", "0");

        Assert.Equal(1, await node.ExitCodeAsync());
        Assert.Contains("EXECUTOR_ENCRYPTION_KEY", node.Errors, StringComparison.Ordinal);
        Assert.DoesNotContain(OtherKey, node.Errors + node.Output, StringComparison.OrdinalIgnoreCase);
        Assert.Equal(before, Content());
    }

    [Fact]
    public async Task Lost_key_is_replaced_from_the_command_line_and_a_copy_is_adopted_by_a_command()
    {
        await StartAndStopAsync();

        using (var node = Start(OtherKey, "--http-port", "0", "--replace-lost-key"))
        {
            await node.AddressAsync();
            node.Terminate();
            Assert.Equal(0, await node.ExitCodeAsync());
        }

        using (var command = NodeProcess.Start(
            ["database", "adopt-copy"], ("EXECUTOR_AUTH_SECRET", TestTokens.Secret), ("EXECUTOR_DATABASE_PATH", Database)))
        {
            Assert.Equal(0, await command.ExitCodeAsync());
            Assert.Contains("of its own", command.Output, StringComparison.Ordinal);
        }

        using var again = Start(TestTokens.EncryptionKey, "--http-port", "0");
        await again.AddressAsync();
    }

    [Fact]
    public async Task Copy_that_is_none_is_not_adopted()
    {
        using var command = NodeProcess.Start(
            ["database", "adopt-copy"], ("EXECUTOR_AUTH_SECRET", TestTokens.Secret), ("EXECUTOR_DATABASE_PATH", Database));

        Assert.Equal(1, await command.ExitCodeAsync());
        Assert.Contains("no database", command.Errors, StringComparison.Ordinal);
    }

    private NodeProcess Start(string key, params string[] args) => NodeProcess.Start(
        args,
        ("EXECUTOR_AUTH_SECRET", TestTokens.Secret),
        ("EXECUTOR_ENCRYPTION_KEY", key),
        ("EXECUTOR_DATABASE_PATH", Database));

    private async Task StartAndStopAsync()
    {
        using var node = Start(TestTokens.EncryptionKey, "--http-port", "0");
        await node.AddressAsync();
        node.Terminate();
        Assert.Equal(0, await node.ExitCodeAsync());
    }

    private string Content() => Convert.ToHexString(SHA256.HashData(File.ReadAllBytes(Database)));
}
