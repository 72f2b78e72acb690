using System.Net;
using System.Net.Sockets;
using Executor.Tests.Infrastructure;

namespace Executor.Tests.Server;

public sealed class NodeProcessTests
{
    private static readonly (string, string) Secret = ("EXECUTOR_AUTH_SECRET", TestTokens.Secret);

    [Fact]
    public async Task Wrong_settings_are_all_named_without_their_values_and_end_the_start()
    {
        using var node = NodeProcess.Start(
            ["--frobnicate=VALUE-ONE", "VALUE-TWO", "--http-port", "VALUE-THREE"],
            ("EXECUTOR_AUTH_SECRET", "VALUE-FOUR"),
            ("EXECUTOR_ENCRYPTION_KEY", "VALUE-FIVE"),
            ("EXECUTOR_ENCRYPTION_KEYS_RETIRED", "VALUE-SIX"),
            ("DATABASE_URL", "mysql://VALUE-SEVEN"),
            ("STEP_TIMEOUT_S", "0"),
            ("LOG_LEVEL", "Loud"));

        Assert.Equal(1, await node.ExitCodeAsync());
        foreach (var name in new[]
        {
            "--frobnicate", "Argument 2", "HTTP_PORT", "EXECUTOR_AUTH_SECRET", "EXECUTOR_ENCRYPTION_KEY:", "EXECUTOR_ENCRYPTION_KEYS_RETIRED",
            "DATABASE_URL", "STEP_TIMEOUT_S", "LOG_LEVEL",
        })
        {
            Assert.Contains(name, node.Errors, StringComparison.Ordinal);
        }

        Assert.DoesNotContain("VALUE", node.Errors + node.Output, StringComparison.Ordinal);
        Assert.DoesNotContain(" at Executor.", node.Errors, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--help", "EXECUTOR_AUTH_SECRET")]
    [InlineData("--version", "0.")]
    public async Task Help_and_version_need_no_settings(string option, string expected)
    {
        using var node = NodeProcess.Start([option]);

        Assert.Equal(0, await node.ExitCodeAsync());
        Assert.Contains(expected, node.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Node_warns_of_a_missing_key_answers_and_stops_with_0()
    {
        using var node = NodeProcess.Start(["--in-memory", "--http-port", "0"], Secret);
        using var client = new HttpClient { BaseAddress = await node.AddressAsync() };
        var token = TestTokens.For(42);
        using var deposit = new HttpRequestMessage(HttpMethod.Post, "/mcp-oauth-credentials");
        deposit.Headers.Authorization = new("Bearer", token);
        deposit.Content = new StringContent(
            """{"mcpServerId":"crm","refreshToken":"rt-SECRET","tokenEndpoint":"https://idp.example.com/token"}""", null, "application/json");

        using var ready = await client.GetAsync("/readyz");
        using var refused = await client.SendAsync(deposit);
        node.Terminate();

        Assert.Equal(HttpStatusCode.OK, ready.StatusCode);
        Assert.Equal(HttpStatusCode.ServiceUnavailable, refused.StatusCode);
        Assert.Contains("executor_encryption_key_missing", await refused.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        Assert.Equal(0, await node.ExitCodeAsync());
        Assert.Equal("", node.Errors);
        Assert.Single(node.Output.Split('\n'), line => line.Contains("No encryption key", StringComparison.Ordinal));
        foreach (var secret in new[] { "rt-SECRET", token, TestTokens.Secret })
            Assert.DoesNotContain(secret, node.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Second_process_on_the_same_file_refuses_to_start()
    {
        var directory = Directory.CreateTempSubdirectory("executor-");
        var path = ("EXECUTOR_DATABASE_PATH", Path.Combine(directory.FullName, "one.db"));
        using var first = NodeProcess.Start(["--http-port", "0"], Secret, path);
        await first.AddressAsync();

        using var second = NodeProcess.Start(["--http-port", "0"], Secret, path);

        Assert.Equal(1, await second.ExitCodeAsync());
        Assert.NotEqual("", second.Errors);
        Assert.DoesNotContain(" at Executor.", second.Errors, StringComparison.Ordinal);
        first.Terminate();
        Assert.Equal(0, await first.ExitCodeAsync());
        directory.Delete(recursive: true);
    }

    [Fact]
    public async Task Taken_port_ends_the_start_with_a_plain_message()
    {
        using var first = NodeProcess.Start(["--in-memory", "--http-port", "0"], Secret);
        var address = await first.AddressAsync();

        using var second = NodeProcess.Start(["--in-memory", "--http-port", $"{address.Port}"], Secret);

        Assert.Equal(1, await second.ExitCodeAsync());
        Assert.Contains("in use", second.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Localhost_is_listened_on_at_both_loopback_addresses()
    {
        using var node = NodeProcess.Start(["--in-memory", "--http-port", "0", "--http-host", "localhost"], Secret);
        var port = (await node.AddressAsync()).Port;

        using var client = new HttpClient();
        using var four = await client.GetAsync(new Uri($"http://127.0.0.1:{port}/livez"));
        Assert.Equal(HttpStatusCode.OK, four.StatusCode);
        if (!Socket.OSSupportsIPv6)
            return;
        using var six = await client.GetAsync(new Uri($"http://[::1]:{port}/livez"));
        Assert.Equal(HttpStatusCode.OK, six.StatusCode);
    }

    [Fact]
    public async Task Mistyped_variable_is_warned_of_at_start()
    {
        using var node = NodeProcess.Start(["--in-memory", "--http-port", "0"], Secret, ("EXECUTOR_ENCRYPTION_KEI", "VALUE"));
        await node.AddressAsync();

        Assert.Contains("EXECUTOR_ENCRYPTION_KEI", node.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("VALUE", node.Output, StringComparison.Ordinal);
    }
}
