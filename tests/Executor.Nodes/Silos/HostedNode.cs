using System.Globalization;
using System.Net;
using System.Text.Json;
using Executor.Silo.Hosting;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Executor.Nodes.Silos;

/// <summary>A whole node in this process, for what cannot be reached in another: its heap, and its way to other silos.</summary>
internal sealed class HostedNode : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly HttpClient _http;

    private HostedNode(WebApplication app)
    {
        _app = app;
        _http = new HttpClient { BaseAddress = new Uri(app.Urls.First()) };
    }

    public IServiceProvider Services => _app.Services;

    /// <summary>The node has begun to end.</summary>
    public bool IsStopping => _app.Lifetime.ApplicationStopping.IsCancellationRequested;

    /// <param name="name">Of the node.</param>
    /// <param name="cluster">Whose database, schema and MCP server it uses.</param>
    /// <param name="configure">A last word about services.</param>
    /// <param name="link">Its way to the database, if not the straight one.</param>
    public static async Task<HostedNode> StartAsync(
        string name, Cluster cluster, Action<WebApplicationBuilder>? configure = null, DatabaseLink? link = null)
    {
        var servers = cluster.PathOf($"{name}.json");
        await File.WriteAllTextAsync(servers, JsonSerializer.Serialize(new
        {
            mcpServers = new { strict = new { url = cluster.Sandbox.McpEndpoint, auth = new { type = "oauth2" } } },
        }));
        var database = new NpgsqlConnectionStringBuilder(cluster.Postgres.ConnectionString());
        var settings = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["EXECUTOR_NODE_NAME"] = name,
            ["EXECUTOR_AUTH_SECRET"] = TestTokens.Secret,
            ["EXECUTOR_ENCRYPTION_KEY"] = TestTokens.EncryptionKey,
            ["EXECUTOR_MCP_SERVERS"] = servers,
            ["DATABASE_HOST"] = database.Host!,
            ["DATABASE_PORT"] = (link?.Port ?? database.Port).ToString(CultureInfo.InvariantCulture),
            ["DATABASE_USER"] = database.Username!,
            ["DATABASE_NAME"] = database.Database!,
            ["DATABASE_SSL"] = "false",
            ["DATABASE_SCHEMA"] = cluster.Schema,
            ["HTTP_HOST"] = IPAddress.Loopback.ToString(),
            ["HTTP_PORT"] = "0",
            ["SILO_PORT"] = "0",
            ["ASPNETCORE_ENVIRONMENT"] = "Development",
        };
        var app = ExecutorHost.Build([], settings.GetValueOrDefault, builder =>
        {
            builder.Logging.ClearProviders();
            configure?.Invoke(builder);
        });
        await app.StartAsync();
        return new HostedNode(app);
    }

    /// <summary>This node as the given user meets it.</summary>
    public NodeClient As(long user) => new(_http, user);

    public async ValueTask DisposeAsync()
    {
        await _app.StopAsync();
        await _app.DisposeAsync();
        _http.Dispose();
    }
}
