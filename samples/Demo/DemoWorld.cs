using System.Globalization;
using System.IdentityModel.Tokens.Jwt;
using System.Security.Claims;
using System.Security.Cryptography;
using System.Text.Json;
using Executor.Sandbox;
using Executor.Silo.Hosting;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.IdentityModel.Tokens;

namespace Executor.Demo;

/// <summary>The sandbox, a node on a fresh SQLite file, and a signed-in user; all real, and gone afterwards.</summary>
internal sealed class DemoWorld : IAsyncDisposable
{
    public const string Server = "crm";

    public const string SampleRun =
        """{"name":"hello","steps":[{"id":"say","type":"mcp","mcpServerId":"crm","tool":"echo","arguments":{"text":"hello"}}]}""";

    private readonly WebApplication _node;
    private readonly HttpClient _http;
    private readonly string _folder;

    private DemoWorld(SandboxHost sandbox, WebApplication node, HttpClient http, string folder, string authSecret)
    {
        Sandbox = sandbox;
        _node = node;
        _http = http;
        _folder = folder;
        User = new DemoUser(http, Jwt(authSecret), sandbox.TokenEndpoint);
    }

    public SandboxHost Sandbox { get; }

    public DemoUser User { get; }

    public Uri NodeAddress => _http.BaseAddress!;

    public static async Task<DemoWorld> StartAsync(Timeline timeline, CancellationToken cancellationToken)
    {
        Timeline.Chapter("Starting");
        var sandbox = await SandboxHost.StartAsync(cancellationToken: cancellationToken);
        timeline.Event($"sandbox (OAuth server and protected MCP server) at {sandbox.BaseAddress}");

        var folder = Directory.CreateTempSubdirectory("executor-demo-").FullName;
        var authSecret = NewKey();
        var settings = new Dictionary<string, string>
        {
            ["EXECUTOR_AUTH_SECRET"] = authSecret,
            ["EXECUTOR_ENCRYPTION_KEY"] = NewKey(),
            ["EXECUTOR_DATABASE_PATH"] = Path.Combine(folder, "executor.db"),
            ["EXECUTOR_MCP_SERVERS"] = await WriteServersAsync(folder, sandbox, cancellationToken),
            ["HTTP_HOST"] = "127.0.0.1",
            ["HTTP_PORT"] = "0",
            ["ASPNETCORE_ENVIRONMENT"] = "Development", // the sandbox's token endpoint is plain http on this machine
        };
        var node = ExecutorHost.Build([], settings.GetValueOrDefault, builder => builder.Logging.ClearProviders());
        await node.StartAsync(cancellationToken);
        var http = new HttpClient { BaseAddress = new Uri(Address(node)), Timeout = Timeout.InfiniteTimeSpan };
        timeline.Event($"node on a fresh SQLite file at {http.BaseAddress}");
        return new DemoWorld(sandbox, node, http, folder, authSecret);
    }

    public async ValueTask DisposeAsync()
    {
        _http.Dispose();
        await _node.StopAsync();
        await _node.DisposeAsync();
        await Sandbox.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }

    private static async Task<string> WriteServersAsync(string folder, SandboxHost sandbox, CancellationToken cancellationToken)
    {
        var path = Path.Combine(folder, "servers.json");
        var servers = new Dictionary<string, object>
        {
            [Server] = new { url = sandbox.McpEndpoint, auth = new { type = "oauth2", refreshReplay = "strict" } },
        };
        await File.WriteAllTextAsync(path, JsonSerializer.Serialize(new { mcpServers = servers }), cancellationToken);
        return path;
    }

    private static string Address(WebApplication node) =>
        node.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single();

    private static string NewKey() => Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(32));

    private static string Jwt(string secret)
    {
        var key = new SymmetricSecurityKey(System.Text.Encoding.UTF8.GetBytes(secret));
        var token = new JwtSecurityToken(
            claims: [new Claim("id", 42.ToString(CultureInfo.InvariantCulture))],
            expires: DateTime.UtcNow.AddHours(8),
            signingCredentials: new SigningCredentials(key, SecurityAlgorithms.HmacSha256));
        return new JwtSecurityTokenHandler().WriteToken(token);
    }
}
