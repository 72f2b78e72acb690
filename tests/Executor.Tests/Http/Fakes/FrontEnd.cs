using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Executor.Credentials;
using Executor.Http;
using Executor.Http.Authentication;
using Executor.Nodes;
using Executor.Runs;
using Executor.Runs.Driving;
using Executor.Servers;
using Executor.Silo.Configuration;
using Executor.Silo.Telemetry;
using Executor.Testing.Secrets;
using Executor.Tests.Infrastructure;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Executor.Tests.Http.Fakes;

/// <summary>The whole front end on a real socket, over stand-ins for what is behind it.</summary>
internal sealed class FrontEnd : IAsyncDisposable, IDatabaseHealth
{
    public const long User = 42;

    private readonly WebApplication _app;

    private FrontEnd(TimeProvider? time, LogLevel? level)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        if (level is { } asked)
            builder.Logging.AddNodeLogging(asked, LogFormat.Text);
        builder.Logging.ClearProviders().AddProvider(Log);
        if (level is null)
            builder.Logging.AddFilter("Executor", LogLevel.Debug);
        if (time is not null)
            builder.Services.AddSingleton(time);
        builder.Services.AddSingleton<ICredentials>(Credentials);
        builder.Services.AddSingleton<IRuns>(Runs);
        builder.Services.AddSingleton<IRunProgress>(Progress);
        builder.Services.AddSingleton<IMcpServerCatalog>(Servers);
        builder.Services.AddSingleton<IMcpGateway>(Servers);
        builder.Services.AddSingleton<AuthorizedMcp>();
        builder.Services.AddSingleton<IDatabaseHealth>(this);
        builder.Services.AddSingleton(Node);
        builder.Services.AddSingleton<INodeLiveness>(Liveness);
        builder.Services.AddExecutorHttp(new AuthenticationSettings(TestTokens.Secret));
        _app = builder.Build();
        _app.UseExecutor();
        _app.MapExecutor();
    }

    public FakeCredentials Credentials { get; } = new();

    public FakeRuns Runs { get; } = new();

    public RunProgress Progress { get; } = new();

    public FakeServers Servers { get; } = new();

    public NodeState Node { get; } = new();

    public TestLiveness Liveness { get; } = new(new NodeRef("front", 1));

    public CapturedLogs Log { get; } = new();

    public DatabaseHealth Database { get; set; } = new(true, 1, 1);

    public Uri Address => new(_app.Urls.First());

    public HttpClient Client { get; private set; } = null!;

    /// <param name="level">As a node logs at this level; null for every line of ours.</param>
    public static async Task<FrontEnd> StartAsync(TimeProvider? time = null, LogLevel? level = null)
    {
        var frontEnd = new FrontEnd(time, level);
        await frontEnd._app.StartAsync();
        frontEnd.Node.MoveTo(NodePhase.Running);
        frontEnd.Client = new HttpClient(new WatchedAnswers(new SocketsHttpHandler { UseCookies = false })) { BaseAddress = frontEnd.Address };
        return frontEnd;
    }

    public Task<HttpResponseMessage> SendAsync(
        HttpMethod method, string path, string? json = null, string? token = "", string contentType = "application/json", Action<HttpRequestMessage>? more = null)
    {
        var request = new HttpRequestMessage(method, path);
        if (json is not null)
        {
            request.Content = new ByteArrayContent(Encoding.UTF8.GetBytes(json));
            request.Content.Headers.ContentType = MediaTypeHeaderValue.Parse(contentType);
        }

        if (token is not null)
            request.Headers.Authorization = new("Bearer", token.Length == 0 ? TestTokens.For(User) : token);
        more?.Invoke(request);
        return Client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
    }

    public Task<HttpResponseMessage> GetAsync(string path, string? token = "") => SendAsync(HttpMethod.Get, path, token: token);

    public Task<HttpResponseMessage> PostAsync(string path, string? json, string? token = "") => SendAsync(HttpMethod.Post, path, json, token);

    public Task<DatabaseHealth> CheckAsync(CancellationToken cancellationToken) => Task.FromResult(Database);

    public async ValueTask DisposeAsync()
    {
        Client?.Dispose();
        await _app.StopAsync();
        await _app.DisposeAsync();
        Node.Dispose();
    }
}

internal static class Answers
{
    public static async Task<JsonElement> JsonAsync(this HttpResponseMessage response) =>
        JsonDocument.Parse(await response.Content.ReadAsByteArrayAsync()).RootElement;

    public static string? Text(this JsonElement json, string member) => json.TryGetProperty(member, out var value) ? value.GetString() : null;
}
