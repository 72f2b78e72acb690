using System.Net;

namespace Executor.Nodes.Silos;

/// <summary>Who meets whom: by the database and the port, and nobody else.</summary>
public sealed class MeetingTests
{
    private static readonly string[] _tables = ["tcp", "tcp6"];

    private const string Active = "SELECT count(*) FROM silo_members WHERE status = 3";

    [PostgresFact]
    public async Task Nodes_of_two_schemas_are_two_clusters()
    {
        await using var one = await Cluster.StartAsync(2);
        await using var other = await Cluster.StartAsync(1);

        Assert.Equal((2L, 1L), (await one.ScalarAsync<long>(Active), await other.ScalarAsync<long>(Active)));
        Assert.NotEqual(
            await one.ScalarAsync<string>("SELECT cluster_id FROM silo_clusters"), await other.ScalarAsync<string>("SELECT cluster_id FROM silo_clusters"));
    }

    [PostgresFact]
    public async Task Node_whose_silo_port_is_taken_does_not_start_and_changes_nothing()
    {
        await using var cluster = await Cluster.StartAsync(0);
        var port = $"{Ports.Free()}";
        var first = await cluster.AddNodeAsync(("SILO_PORT", port));
        var members = await cluster.ScalarAsync<string>("SELECT string_agg(m::text, '|') FROM (SELECT silo_name, port, status FROM silo_members) m");

        var refusal = await Assert.ThrowsAsync<InvalidOperationException>(() => cluster.AddNodeAsync(("SILO_PORT", port)));

        Assert.Contains($"SILO_PORT: 127.0.0.1:{port} is in use by another process", refusal.Message, StringComparison.Ordinal);
        Assert.Equal(1, await cluster.Nodes[1].Process.ExitCodeAsync());
        Assert.Equal(1, await cluster.ScalarAsync<long>("SELECT count(*) FROM node_incarnations"));
        Assert.Equal(
            members, await cluster.ScalarAsync<string>("SELECT string_agg(m::text, '|') FROM (SELECT silo_name, port, status FROM silo_members) m"));
        Assert.Equal(HttpStatusCode.OK, await first.ReadinessAsync());
    }

    [LinuxFact]
    public async Task Silo_that_is_alone_listens_for_http_on_the_address_it_is_told_and_for_nothing_else()
    {
        using var node = NodeProcess.Start(
            [],
            ("EXECUTOR_AUTH_SECRET", TestTokens.Secret),
            ("EXECUTOR_ENCRYPTION_KEY", TestTokens.EncryptionKey),
            ("HTTP_HOST", "127.0.0.1"),
            ("HTTP_PORT", "0"));
        var address = await node.AddressAsync();

        Assert.Equal([address.Port], Listening(node.Id));
    }

    /// <summary>The TCP ports at which a process listens, at whatever address.</summary>
    private static int[] Listening(int process)
    {
        var sockets = Directory.GetFiles($"/proc/{process}/fd")
            .Select(file => new FileInfo(file).LinkTarget)
            .Where(target => target?.StartsWith("socket:[", StringComparison.Ordinal) == true)
            .Select(target => target![8..^1])
            .ToHashSet(StringComparer.Ordinal);
        return
        [
            .. _tables.SelectMany(table => File.ReadLines($"/proc/{process}/net/{table}").Skip(1))
                .Select(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries))
                .Where(columns => columns[3] == "0A" && sockets.Contains(columns[9]))
                .Select(columns => Convert.ToInt32(columns[1].Split(':')[1], 16)),
        ];
    }
}

/// <summary>A test that reads what a process has open.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class LinuxFactAttribute : FactAttribute
{
    public LinuxFactAttribute() => Skip = OperatingSystem.IsLinux() ? null : "A process's sockets are to be read on Linux only.";
}
