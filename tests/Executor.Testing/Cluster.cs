using System.Net;
using System.Text.Json;
using Executor.Sandbox;
using Executor.Testing.Secrets;
using Npgsql;

namespace Executor.Testing;

/// <summary>Nodes as processes of their own on one database of the private PostgreSQL, with the sandbox, in this process, as their world.</summary>
internal sealed class Cluster : IAsyncDisposable
{
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("executor-cluster-");
    private readonly List<ClusterNode> _nodes = [];
    private readonly bool _isApart;

    private Cluster(SandboxHost sandbox, PrivatePostgres postgres, bool isApart)
    {
        Sandbox = sandbox;
        Postgres = postgres;
        _isApart = isApart;
    }

    public SandboxHost Sandbox { get; }

    public PrivatePostgres Postgres { get; }

    /// <summary>Every node ever started, the dead ones too.</summary>
    public IReadOnlyList<ClusterNode> Nodes => _nodes;

    /// <summary>The schema that the nodes share.</summary>
    public string Schema { get; } = $"cluster_{Guid.NewGuid():N}";

    /// <summary>Everything that every node has written to its console.</summary>
    public string Said => string.Join('\n', _nodes.Select(node => node.Process.Output + node.Process.Errors));

    /// <summary>Is shown what of the database is in the clear, at its end.</summary>
    public SecretWatch Watch { get; set; } = SecretWatch.OfThisRun;

    private string ServersFile => PathOf("servers.json");

    /// <param name="nodes">Started side by side; all are ready when this returns.</param>
    /// <param name="sandbox">The world's settings.</param>
    /// <param name="settings">For every node, over the defaults.</param>
    public static async Task<Cluster> StartAsync(
        int nodes, SandboxOptions? sandbox = null, params (string Name, string Value)[] settings) =>
        await StartAsync(await PrivatePostgres.GetAsync(), isApart: false, nodes, sandbox, settings);

    /// <summary>On a PostgreSQL of its own, to which each node has a <see cref="ClusterNode.Link"/>.</summary>
    public static async Task<Cluster> StartApartAsync(
        int nodes, SandboxOptions? sandbox = null, params (string Name, string Value)[] settings) =>
        await StartAsync(await PrivatePostgres.StartAsync(), isApart: true, nodes, sandbox, settings);

    private static async Task<Cluster> StartAsync(
        PrivatePostgres postgres, bool isApart, int nodes, SandboxOptions? sandbox, (string Name, string Value)[] settings)
    {
        var cluster = new Cluster(await SandboxHost.StartAsync(sandbox), postgres, isApart);
        try
        {
            await File.WriteAllTextAsync(cluster.ServersFile, Servers(cluster.Sandbox));
            for (var index = 0; index < nodes; index++)
                cluster.Launch(NodeProgram.InUse, settings);
            await Task.WhenAll(cluster.Nodes.Select(node => node.ReadyAsync()));
            return cluster;
        }
        catch
        {
            await cluster.DisposeAsync();
            throw;
        }
    }

    /// <summary>Another node, ready to work.</summary>
    public Task<ClusterNode> AddNodeAsync(params (string Name, string Value)[] settings) => AddNodeAsync(NodeProgram.InUse, settings);

    public async Task<ClusterNode> AddNodeAsync(NodeProgram program, params (string Name, string Value)[] settings)
    {
        var node = Launch(program, settings);
        await node.ReadyAsync();
        return node;
    }

    /// <summary>A file of the test's own, which goes when the cluster does.</summary>
    public string PathOf(string file) => Path.Combine(_directory.FullName, file);

    /// <summary>A session of the test's own, whose search path is the nodes' schema.</summary>
    public async Task<NpgsqlConnection> ConnectAsync()
    {
        var connection = new NpgsqlConnection($"{Postgres.ConnectionString()};Pooling=false;Search Path=\"{Schema}\"");
        await connection.OpenAsync();
        return connection;
    }

    public async Task<T?> ScalarAsync<T>(string sql)
    {
        await using var connection = await ConnectAsync();
        await using var command = new NpgsqlCommand(sql, connection);
        return (T?)await command.ExecuteScalarAsync();
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var node in _nodes)
            await node.DisposeAsync();
        await Sandbox.DisposeAsync();
        await LookThroughTablesAsync();
        if (_isApart)
            await Postgres.DisposeAsync();
        else
            await ScalarAsync<object>($"DROP SCHEMA IF EXISTS \"{Schema}\" CASCADE");
        _directory.Delete(recursive: true);
    }

    /// <summary>Searched where they are: a test may have filled them with more than one would read. Bytes are shown as hex.</summary>
    private async Task LookThroughTablesAsync()
    {
        var tables = await ScalarAsync<string[]>(
            $"SELECT coalesce(array_agg(table_name::text), '{{}}') FROM information_schema.tables WHERE table_schema = '{Schema}'");
        await using var connection = await ConnectAsync();
        foreach (var table in tables!)
        {
            await using var search = new NpgsqlCommand(
                $"SELECT row_to_json(t)::text FROM \"{table}\" t WHERE row_to_json(t)::text ~* @marks LIMIT 1", connection);
            // Not in the statement: those are in the database client's spans, which the watch sees as well.
            search.Parameters.AddWithValue("marks", string.Join('|', Watch.Marks));
            Watch.See($"table {table}", (string?)await search.ExecuteScalarAsync());
        }
    }

    private ClusterNode Launch(NodeProgram program, (string Name, string Value)[] settings)
    {
        var database = new NpgsqlConnectionStringBuilder(Postgres.ConnectionString());
        var link = _isApart ? new DatabaseLink(Postgres.Port) : null;
        var name = $"node-{_nodes.Count + 1}";
        var node = new ClusterNode(name, NodeProcess.Start(
            program,
            [],
            [
                ("EXECUTOR_NODE_NAME", name),
                ("EXECUTOR_AUTH_SECRET", TestTokens.Secret),
                ("EXECUTOR_ENCRYPTION_KEY", TestTokens.EncryptionKey),
                ("EXECUTOR_MCP_SERVERS", ServersFile),
                ("DATABASE_HOST", database.Host!),
                ("DATABASE_PORT", $"{link?.Port ?? database.Port}"),
                ("DATABASE_USER", database.Username!),
                ("DATABASE_NAME", database.Database!),
                ("DATABASE_SSL", "false"),
                ("DATABASE_SCHEMA", Schema),
                ("HTTP_HOST", IPAddress.Loopback.ToString()),
                ("HTTP_PORT", "0"),
                ("ASPNETCORE_ENVIRONMENT", "Development"),
                ("SILO_PORT", "0"),
                .. settings,
            ]), link);
        _nodes.Add(node);
        return node;
    }

    // One server a replay policy: what its grants really do is each grant's own behaviour.
    private static string Servers(SandboxHost sandbox) => JsonSerializer.Serialize(new
    {
        mcpServers = new Dictionary<string, object>(StringComparer.Ordinal)
        {
            ["strict"] = new { url = sandbox.McpEndpoint, auth = new { type = "oauth2" } },
            ["grace"] = new { url = sandbox.McpEndpoint, auth = new { type = "oauth2", refreshReplay = "grace:60" } },
            ["no-rotation"] = new { url = sandbox.McpEndpoint, auth = new { type = "oauth2", refreshReplay = "no-rotation" } },
        },
    });
}
