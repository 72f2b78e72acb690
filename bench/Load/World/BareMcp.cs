using Executor.Sandbox.OAuth;
using ModelContextProtocol.Client;

namespace Executor.Load;

/// <summary>The floor of whatever calls an MCP server: the SDK's client in this process, one a user, connected once.</summary>
internal sealed class BareMcp : IAsyncDisposable
{
    private static readonly Dictionary<string, object?> Echo = new(StringComparer.Ordinal) { ["text"] = "hello" };

    private readonly HttpClient _http = new(new SocketsHttpHandler { MaxConnectionsPerServer = int.MaxValue });
    private readonly List<McpClient> _clients = [];

    public static async Task<BareMcp> ConnectAsync(World world, int users)
    {
        var bare = new BareMcp();
        foreach (var grant in await world.MintAsync(users))
            bare._clients.Add(await bare.ConnectAsync(world.Sandbox.Mcp, grant));
        return bare;
    }

    public async Task<bool> ListToolsAsync(int caller) => (await Of(caller).ListToolsAsync()).Count > 0;

    public async Task<bool> CallEchoAsync(int caller) => (await Of(caller).CallToolAsync("echo", Echo)).IsError != true;

    public async ValueTask DisposeAsync()
    {
        foreach (var client in _clients)
            await client.DisposeAsync();
        _http.Dispose();
    }

    private McpClient Of(int caller) => _clients[caller % _clients.Count];

    private Task<McpClient> ConnectAsync(Uri endpoint, MintedGrant grant) => McpClient.CreateAsync(new HttpClientTransport(
        new HttpClientTransportOptions
        {
            Endpoint = endpoint,
            TransportMode = HttpTransportMode.StreamableHttp,
            AdditionalHeaders = new Dictionary<string, string>(StringComparer.Ordinal) { ["Authorization"] = $"Bearer {grant.AccessToken}" },
        },
        _http,
        ownsHttpClient: false));
}
