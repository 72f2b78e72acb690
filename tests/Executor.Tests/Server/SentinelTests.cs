using System.Collections.Concurrent;
using System.Diagnostics;
using System.Diagnostics.Metrics;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text;
using Executor.Sandbox;
using Executor.Sandbox.Mcp;
using Executor.Sandbox.OAuth;
using Executor.Silo.Hosting;
using Executor.Tests.Infrastructure;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Executor.Tests.Server;

/// <summary>
/// A whole node at work, with everything that it says written down: log lines of every level and category, spans, metrics, answers,
/// and its database file. None of it may hold a secret.
/// </summary>
public sealed class SentinelTests : IAsyncLifetime, IDisposable
{
    private const string Key = "5e47e15e47e15e47e15e47e15e47e15e47e15e47e15e47e15e47e15e47e15e47";

    // Spans and metrics are heard from the whole process, and tests beside this one have marks of their own: this one is nobody else's.
    private static readonly string Mark = $"SENTINEL{Guid.NewGuid():N}";
    private static readonly string ClientSecret = $"{Mark}-client-secret";

    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("executor-watched-");
    private readonly CapturedLogs _logs = new() { Prints = true };
    private readonly ConcurrentQueue<string> _said = new();
    private readonly HttpClient _http = new();
    private readonly string _jwt = TestTokens.For(42);
    private readonly ActivityListener _spans;
    private readonly MeterListener _meters;
    private SandboxHost _sandbox = null!;
    private WebApplication _node = null!;

    public SentinelTests()
    {
        _spans = new ActivityListener
        {
            ShouldListenTo = source => source.Name.StartsWith("Executor", StringComparison.Ordinal)
                || source.Name is "Npgsql" or "System.Net.Http" or "Microsoft.AspNetCore",
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllDataAndRecorded,
            ActivityStopped = span => _said.Enqueue(
                $"{span.DisplayName} {span.StatusDescription} {string.Join(' ', span.TagObjects)} {string.Join(' ', span.Events.SelectMany(e => e.Tags))}"),
        };
        ActivitySource.AddActivityListener(_spans);
        _meters = new MeterListener { InstrumentPublished = (instrument, listener) => listener.EnableMeasurementEvents(instrument) };
        _meters.SetMeasurementEventCallback<double>(Measured);
        _meters.SetMeasurementEventCallback<long>(Measured);
        _meters.Start();
    }

    public async Task InitializeAsync()
    {
        _sandbox = await SandboxHost.StartAsync();
        var servers = Path.Combine(_directory.FullName, "servers.json");
        await File.WriteAllTextAsync(
            servers, $$$$$"""{"mcpServers":{"crm":{"url":"{{{{{_sandbox.McpEndpoint}}}}}","auth":{"type":"oauth2"}}}}""");
        var settings = new Dictionary<string, string>
        {
            ["EXECUTOR_AUTH_SECRET"] = TestTokens.Secret,
            ["EXECUTOR_ENCRYPTION_KEY"] = Key,
            ["EXECUTOR_DATABASE_PATH"] = Path.Combine(_directory.FullName, "node.db"),
            ["EXECUTOR_MCP_SERVERS"] = servers,
            ["HTTP_HOST"] = "127.0.0.1",
            ["HTTP_PORT"] = "0",
            ["ASPNETCORE_ENVIRONMENT"] = "Development",
        };
        _node = ExecutorHost.Build([], settings.GetValueOrDefault, builder =>
        {
            builder.Logging.ClearProviders();
            builder.Services.Configure<LoggerFilterOptions>(filters => filters.Rules.Clear());
            _logs.AttachTo(builder.Logging);
        });
        await _node.StartAsync();
        _http.BaseAddress = new Uri(_node.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single());
        _http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", _jwt);
    }

    public async Task DisposeAsync()
    {
        await _node.DisposeAsync();
        await _sandbox.DisposeAsync();
        _directory.Delete(recursive: true);
    }

    public void Dispose()
    {
        _http.Dispose();
        _spans.Dispose();
        _meters.Dispose();
        _logs.Dispose();
    }

    [Fact]
    public async Task Nothing_that_a_node_says_or_stores_in_the_clear_holds_a_secret()
    {
        var grant = _sandbox.OAuth.Mint(new MintGrant { ClientId = "app", ClientSecret = ClientSecret });
        await DepositAsync(grant.RefreshToken, ClientSecret);
        await SayAsync(_http.GetAsync("/list-mcp-tools?mcpServerId=crm"));
        var access = _sandbox.Mcp.Journal.Read().Select(call => call.Token).OfType<string>().Distinct().ToList();
        await RunAsync("echo");
        await Eventually.TrueAsync(() => Task.FromResult(_logs.Lines.Any(line => line.Text.Contains(" succeeded, after", StringComparison.Ordinal))));

        // Faults quote more than successes do.
        _sandbox.Mcp.SetFault(new McpFault(McpFaultKind.ServerError) { Times = 1 });
        await RunAsync("search");
        await Eventually.TrueAsync(() => Task.FromResult(_logs.Lines.Any(line => line.Text.Contains(" parks at step 0", StringComparison.Ordinal))));
        _sandbox.OAuth.SetFault(OAuthFault.Error($"{Mark}-error-code"));
        _sandbox.OAuth.RevokeAccessTokens(grant.GrantId);
        await SayAsync(_http.GetAsync("/list-mcp-tools?mcpServerId=crm"));
        await SayAsync(_http.PostAsync("/mcp-oauth-credentials", Json($"{{\"mcpServerId\":\"crm\",\"refreshToken\":\"{Mark}-broken")));
        await DepositAsync($"{Mark}-refresh-token", $"{Mark}-wrong-secret");
        await SayAsync(_http.GetAsync("/list-mcp-tools?mcpServerId=crm"));
        await SayAsync(_http.DeleteAsync("/mcp-oauth-credentials/crm"));
        await _node.StopAsync();

        string[] secrets = [grant.RefreshToken, .. access, Key, TestTokens.Secret, _jwt, Mark];
        Assert.True(access.Count > 0 && _logs.Lines.Count > 100 && _said.Count > 10, "Too little was said to prove anything.");
        var files = Directory.GetFiles(_directory.FullName, "node.db*").Where(file => Path.GetExtension(file) != ".lock");
        var database = string.Concat(files.Select(file => Encoding.Latin1.GetString(File.ReadAllBytes(file))));
        Assert.Contains("refresh_token", database, StringComparison.Ordinal);
        foreach (var told in new[] { "was deposited", "was deleted", " starts: 1 steps", " succeeded, after", " parks at step 0", "The node runs", "The node stops" })
            Assert.Equal(2, _logs.Printed.Where(line => line.Contains(told, StringComparison.Ordinal)).Take(2).Count());
        foreach (var secret in secrets)
        {
            Assert.DoesNotContain(_logs.Lines, line => line.Text.Contains(secret, StringComparison.OrdinalIgnoreCase));
            Assert.DoesNotContain(_logs.Printed, line => line.Contains(secret, StringComparison.OrdinalIgnoreCase));
            Assert.DoesNotContain(_said, text => text.Contains(secret, StringComparison.OrdinalIgnoreCase));
            Assert.DoesNotContain(secret, database, StringComparison.OrdinalIgnoreCase);
        }
    }

    private static StringContent Json(string json) => new(json, Encoding.UTF8, "application/json");

    private async Task DepositAsync(string token, string secret) => await SayAsync(_http.PostAsJsonAsync("/mcp-oauth-credentials", new
    {
        mcpServerId = "crm",
        refreshToken = token,
        clientId = "app",
        clientSecret = secret,
        tokenEndpoint = _sandbox.TokenEndpoint,
    }));

    private async Task RunAsync(string tool)
    {
        var run = await SayAsync(_http.PostAsync(
            "/runs", Json($$"""{"name":"r","steps":[{"id":"a","type":"mcp","mcpServerId":"crm","tool":"{{tool}}","onUnknown":"ask"}]}""")));
        var id = System.Text.Json.JsonDocument.Parse(run).RootElement.GetProperty("id").GetString();
        await Eventually.TrueAsync(async () =>
            !(await SayAsync(_http.GetAsync($"/runs/{id}"))).Contains("\"status\":\"running\"", StringComparison.Ordinal));
    }

    private async Task<string> SayAsync(Task<HttpResponseMessage> asked)
    {
        using var answer = await asked;
        var text = await answer.Content.ReadAsStringAsync();
        _said.Enqueue($"{answer.Headers} {text}");
        return text;
    }

    private void Measured<T>(Instrument instrument, T value, ReadOnlySpan<KeyValuePair<string, object?>> tags, object? state) =>
        _said.Enqueue($"{instrument.Name} {string.Join(' ', tags.ToArray())}");
}
