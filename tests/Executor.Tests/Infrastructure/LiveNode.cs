using System.Net;
using System.Net.Http.Headers;
using System.Text;
using Executor.Silo.Hosting;
using Executor.Storage.Databases;
using Executor.Testing.Secrets;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Executor.Tests.Infrastructure;

/// <summary>A whole node in this process, as the program builds it, on a database in memory, with every log line kept.</summary>
internal sealed class LiveNode : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly SocketsHttpHandler _sockets = new() { UseCookies = false, MaxConnectionsPerServer = int.MaxValue };

    private LiveNode(WebApplication app, CapturedLogs logs)
    {
        (_app, Logs) = (app, logs);
        Http = new HttpClient(new WatchedAnswers(_sockets)) { BaseAddress = Address, Timeout = TimeSpan.FromMinutes(2) };
    }

    public CapturedLogs Logs { get; }

    public HttpClient Http { get; }

    /// <summary>Is shown what was stored, at the end.</summary>
    public SecretWatch Watch { get; set; } = SecretWatch.OfThisRun;

    public IServiceProvider Services => _app.Services;

    public Uri Address => new(_app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single());

    /// <param name="servers">The members of the file's <c>mcpServers</c>, as JSON.</param>
    /// <param name="configure">A last word about the node's services.</param>
    /// <param name="settings">Over the defaults.</param>
    public static async Task<LiveNode> StartAsync(
        string servers = "", Action<WebApplicationBuilder>? configure = null, params (string Name, string Value)[] settings)
    {
        var file = Path.GetTempFileName();
        await File.WriteAllTextAsync(file, $$$"""{"mcpServers":{{{{servers}}}}}""");
        var values = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["EXECUTOR_AUTH_SECRET"] = TestTokens.Secret,
            ["EXECUTOR_ENCRYPTION_KEY"] = TestTokens.EncryptionKey,
            ["EXECUTOR_MCP_SERVERS"] = file,
            ["HTTP_HOST"] = IPAddress.Loopback.ToString(),
            ["HTTP_PORT"] = "0",
            ["ASPNETCORE_ENVIRONMENT"] = "Development",
        };
        foreach (var (name, value) in settings)
            values[name] = value;
        var logs = new CapturedLogs();
        var app = ExecutorHost.Build(["--in-memory"], values.GetValueOrDefault, builder =>
        {
            builder.Logging.ClearProviders();
            builder.Services.Configure<LoggerFilterOptions>(filters => filters.Rules.Clear());
            logs.AttachTo(builder.Logging);
            configure?.Invoke(builder);
        });
        File.Delete(file);
        await app.StartAsync();
        return new LiveNode(app, logs);
    }

    public NodeClient As(long user) => new(Http, user);

    public Task<HttpResponseMessage> SendAsync(HttpMethod method, string path, string? token, string? json = null, Action<HttpRequestMessage>? more = null)
    {
        var request = new HttpRequestMessage(method, path);
        if (token is not null)
            request.Headers.TryAddWithoutValidation("Authorization", $"Bearer {token}");
        if (json is not null)
        {
            request.Content = new ByteArrayContent(Encoding.UTF8.GetBytes(json));
            request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        }

        more?.Invoke(request);
        return Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
    }

    /// <summary>All that the node keeps for its users, row by row.</summary>
    public Task<string> StoredAsync() => _app.Services.GetRequiredService<Database>().DumpAsync();

    public async ValueTask DisposeAsync()
    {
        Http.Dispose();
        Watch.See("database", await StoredAsync());
        await _app.DisposeAsync();
    }
}
