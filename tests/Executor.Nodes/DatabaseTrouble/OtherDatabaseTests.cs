using System.Net;

namespace Executor.Nodes.DatabaseTrouble;

/// <summary>What is behind the database's address is another one now, or the node is another one's.</summary>
public sealed class OtherDatabaseTests
{
    private const string OtherKey = "cccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccc";
    private const string Run =
        """{"name":"greet","steps":[{"id":"one","type":"mcp","mcpServerId":"strict","tool":"echo","arguments":{"text":"hi"}}]}""";

    [PostgresFact]
    public async Task Node_with_another_key_does_not_start_and_changes_nothing()
    {
        await using var cluster = await Cluster.StartAsync(1);
        var node = cluster.Nodes[0];
        await node.As(1).DepositAsync("strict", cluster.Sandbox.OAuth.Mint(), cluster.Sandbox);
        var parked = (await node.As(2).StartRunAsync(Run)).Json.GetProperty("id").GetString()!;
        await node.As(2).RunReachesAsync(parked, "awaiting-input");
        var before = await ContentAsync(cluster);

        var refusal = await Assert.ThrowsAsync<InvalidOperationException>(
            () => cluster.AddNodeAsync(("EXECUTOR_ENCRYPTION_KEY", OtherKey)));

        Assert.Contains("EXECUTOR_ENCRYPTION_KEY:", refusal.Message, StringComparison.Ordinal);
        Assert.DoesNotContain(OtherKey, cluster.Said, StringComparison.OrdinalIgnoreCase);
        Assert.Equal(1, await cluster.Nodes[1].Process.ExitCodeAsync());
        Assert.Equal(before, await ContentAsync(cluster));
        Assert.Equal(1, await cluster.ScalarAsync<long>("SELECT count(*) FROM node_incarnations"));
    }

    [PostgresFact]
    public async Task Rotation_of_the_key_takes_two_steps_node_by_node_and_nobody_notices()
    {
        await using var cluster = await Cluster.StartAsync(2);
        await cluster.Nodes[0].As(1).DepositAsync("strict", cluster.Sandbox.OAuth.Mint(), cluster.Sandbox);

        // A jump to the new key is refused while another node would not open what is sealed with it.
        await Assert.ThrowsAsync<InvalidOperationException>(() => cluster.AddNodeAsync(
            ("EXECUTOR_ENCRYPTION_KEY", OtherKey), ("EXECUTOR_ENCRYPTION_KEYS_RETIRED", TestTokens.EncryptionKey)));

        ClusterNode[] nodes = [cluster.Nodes[0], cluster.Nodes[1]];
        foreach (var (current, retired) in new[] { (TestTokens.EncryptionKey, OtherKey), (OtherKey, TestTokens.EncryptionKey) })
        {
            for (var index = 0; index < nodes.Length; index++)
            {
                var next = await cluster.AddNodeAsync(("EXECUTOR_ENCRYPTION_KEY", current), ("EXECUTOR_ENCRYPTION_KEYS_RETIRED", retired));
                nodes[index].Process.Terminate();
                Assert.Equal(0, await nodes[index].Process.ExitCodeAsync());
                nodes[index] = next;
                foreach (var node in nodes.Take(index + 1))
                    Assert.Equal(HttpStatusCode.OK, (await node.As(1).ListToolsAsync("strict")).Status);
            }
        }
    }

    [PostgresFact]
    public async Task Node_that_finds_another_database_behind_its_connection_stops_and_takes_nothing_there()
    {
        await using var cluster = await Cluster.StartApartAsync(1);
        var node = cluster.Nodes[0];
        var parked = (await node.As(2).StartRunAsync(Run)).Json.GetProperty("id").GetString()!;
        await node.As(2).RunReachesAsync(parked, "awaiting-input");

        // As after a restore from elsewhere: all connections end, and the next ones lead to a database with work to do.
        await cluster.Postgres.ExecuteAsync($"ALTER SCHEMA \"{cluster.Schema}\" RENAME TO former; CREATE SCHEMA \"{cluster.Schema}\"");
        await cluster.ScalarAsync<object>(
            "DO $$ DECLARE t text; BEGIN FOR t IN SELECT table_name FROM information_schema.tables WHERE table_schema = 'former' LOOP "
            + "EXECUTE format('CREATE TABLE %I (LIKE former.%I INCLUDING ALL)', t, t); EXECUTE format('INSERT INTO %I SELECT * FROM former.%I', t, t); "
            + "END LOOP; END $$; CREATE SEQUENCE generations; UPDATE database_identity SET id = 'another'; "
            + "UPDATE runs SET status = 'pending', awaiting_reason = 'none', awaited_server = NULL;");
        var before = await ContentAsync(cluster);
        await cluster.Postgres.EndSessionsAsync("true");

        Assert.NotEqual(0, await node.Process.ExitCodeAsync());
        Assert.Contains("not the database that this node has worked with", node.Process.Output, StringComparison.Ordinal);
        Assert.Equal(before, await ContentAsync(cluster));
    }

    private static async Task<string?> ContentAsync(Cluster cluster) => await cluster.ScalarAsync<string>(
        "SELECT concat((SELECT json_agg(c ORDER BY c.user_id)::text FROM credentials c), (SELECT json_agg(r ORDER BY r.id)::text FROM runs r), "
        + "(SELECT json_agg(s ORDER BY s.run_id, s.idx)::text FROM run_steps s), (SELECT json_agg(k)::text FROM encryption_keys k), "
        + "(SELECT json_agg(d)::text FROM database_identity d))");
}
