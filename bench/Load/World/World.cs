using System.Diagnostics;
using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Executor.Sandbox.OAuth;

namespace Executor.Load;

/// <summary>Sandbox, database and nodes, each in processes of their own; the load comes from this one.</summary>
internal sealed class World : IAsyncDisposable
{
    /// <summary>Names for the one MCP server: a node bounds what it does at each.</summary>
    public static readonly IReadOnlyList<string> Servers = ["s0", "s1", "s2", "s3"];

    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("executor-load-");
    private readonly List<Node> _nodes = [];

    private World(SandboxProcess sandbox) => Sandbox = sandbox;

    public SandboxProcess Sandbox { get; }

    public BenchDatabase Database { get; private set; } = null!;

    public IReadOnlyList<Node> Nodes => _nodes;

    public Node Node => _nodes[0];

    public static async Task<World> StartAsync(DatabaseKind kind, int nodes = 1)
    {
        var world = new World(await SandboxProcess.StartAsync());
        world.Database = await BenchDatabase.CreateAsync(kind, world._directory.FullName);
        var servers = Servers.ToDictionary(
            name => name, _ => new { url = world.Sandbox.Mcp, auth = new { type = "oauth2" } }, StringComparer.Ordinal);
        await File.WriteAllTextAsync(world.ServersFile, JsonSerializer.Serialize(new { mcpServers = servers }));
        for (var index = 0; index < nodes; index++)
            await world.AddNodeAsync();
        return world;
    }

    private string ServersFile => Path.Combine(_directory.FullName, "servers.json");

    public async Task<Node> AddNodeAsync(bool isMeasured = true)
    {
        var node = await Node.StartAsync(
            [
                ("EXECUTOR_NODE_NAME", $"node-{_nodes.Count + 1}"),
                ("EXECUTOR_AUTH_SECRET", TestTokens.Secret),
                ("EXECUTOR_ENCRYPTION_KEY", TestTokens.EncryptionKey),
                ("EXECUTOR_MCP_SERVERS", ServersFile),
                ("HTTP_HOST", "127.0.0.1"),
                ("HTTP_PORT", "0"),
                ("ASPNETCORE_ENVIRONMENT", "Development"),
                .. Database.Settings,
            ],
            isMeasured);
        _nodes.Add(node);
        return node;
    }

    public async Task StopNodesAsync()
    {
        foreach (var node in _nodes)
            await node.DisposeAsync();
        _nodes.Clear();
    }

    /// <summary>Gives each of the users, from 1 on, a credential whose access token is at hand.</summary>
    public Task ConnectAsync(int users, IReadOnlyList<string> servers) => Parallel.ForAsync(
        0, users * servers.Count, new ParallelOptions { MaxDegreeOfParallelism = 16 }, async (index, _) =>
        {
            var user = (index / servers.Count) + 1;
            var server = servers[index % servers.Count];
            await DepositAsync(Node.As(user), server, (await Sandbox.MintAsync()).RefreshToken);
            await ExpectAsync(Node.As(user).ListToolsAsync(server), HttpStatusCode.OK);
        });

    public Task DepositAsync(NodeClient client, string server, string refreshToken) =>
        ExpectAsync(client.SendAsync(HttpMethod.Post, "/mcp-oauth-credentials", DepositOf(server, refreshToken)), HttpStatusCode.OK);

    public JsonContent DepositOf(string server, string refreshToken) => JsonContent.Create(new
    {
        mcpServerId = server,
        refreshToken,
        clientId = "sandbox-client",
        tokenEndpoint = Sandbox.TokenEndpoint,
    });

    public async Task<MintedGrant[]> MintAsync(int count)
    {
        var grants = new MintedGrant[count];
        await Parallel.ForAsync(0, count, new ParallelOptions { MaxDegreeOfParallelism = 16 }, async (index, _) => grants[index] = await Sandbox.MintAsync());
        return grants;
    }

    /// <summary>What a piece of work costs the nodes and the database.</summary>
    /// <param name="work">Already warm.</param>
    /// <param name="partsPerOperation">Steps of a run.</param>
    public async Task<Measured> MeasureAsync(Func<Task<LoopResult>> work, int partsPerOperation = 1)
    {
        var commits = await Database.CountCommitsAsync();
        var before = await Task.WhenAll(_nodes.Select(node => node.SpentAsync()));
        var shares = new Shares(this);
        var loop = await work();
        var cores = shares.ToString();
        var after = await Task.WhenAll(_nodes.Select(node => node.SpentAsync()));
        var spent = new Spent(
            after.Sum(each => each.Bytes) - before.Sum(each => each.Bytes),
            TimeSpan.FromTicks(after.Sum(each => each.Cpu.Ticks) - before.Sum(each => each.Cpu.Ticks)));
        return Measured.Of(loop, spent, await commits(), partsPerOperation) with { Cores = cores };
    }

    public static async Task ExpectAsync(Task<NodeClient.Answer> request, HttpStatusCode status)
    {
        var answer = await request;
        if (answer.Status != status)
            throw new UnreachableException($"Expected {status}, got {answer.Status}: {answer.Body}");
    }

    public async ValueTask DisposeAsync()
    {
        await StopNodesAsync();
        await Database.DisposeAsync();
        Sandbox.Dispose();
        _directory.Delete(recursive: true);
    }
}
