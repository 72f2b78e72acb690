using System.Text.Json;
using Executor.Credentials;
using Executor.Identity;
using Executor.Mcp;
using Executor.Nodes;
using Executor.Runs;
using Executor.Security;
using Executor.Security.Endpoints;
using Executor.Servers;
using Executor.Storage;
using Executor.Testing;
using Executor.Testing.Engine;
using Executor.Tests.Infrastructure;
using Executor.Tests.Mcp;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Executor.Tests.Runs;

/// <summary>What runs make of the answers of real servers.</summary>
public sealed class McpFailureRunTests : IAsyncLifetime, IDisposable
{
    private static readonly McpServerId Raw = McpServerId.From("raw");
    private static readonly UserId User = UserId.From(7);

    private readonly CancellationTokenSource _deadline = new(TimeSpan.FromSeconds(60));
    private readonly List<IHost> _hosts = [];
    private HandshakeServer _server = null!;

    public async Task InitializeAsync() => _server = await HandshakeServer.StartAsync();

    public async Task DisposeAsync()
    {
        await StopAsync();
        await _server.DisposeAsync();
    }

    public void Dispose() => _deadline.Dispose();

    [Fact]
    public Task Odd_result_is_stored_and_the_next_step_uses_it_on_SQLite() => OddResultsAsync(new StorageProvider.SqliteInMemory());

    [PostgresFact]
    public async Task Odd_result_is_stored_and_the_next_step_uses_it_on_PostgreSQL()
    {
        await using var postgres = await PostgresBackend.CreateAsync();
        await OddResultsAsync(postgres.Provider);
        await StopAsync();
    }

    [Fact]
    public async Task Run_after_a_redeployment_of_its_server_succeeds()
    {
        var runs = await StartAsync(new StorageProvider.SqliteInMemory());
        _server.UnknownSession = new ServerAnswer(400);
        await UntilAsync(runs, await RunAsync(runs, Step("a")), RunStatus.Succeeded);
        _server.LoseSessions();

        await UntilAsync(runs, await RunAsync(runs, Step("a")), RunStatus.Succeeded);

        Assert.Equal(2, _server.Runs);
    }

    [Fact]
    public async Task Failure_after_the_effect_is_not_retryable()
    {
        var runs = await StartAsync(new StorageProvider.SqliteInMemory());
        _server.Calls.Enqueue(ServerAnswer.Error(-32602, "Output validation error"));

        var failed = await UntilAsync(runs, await RunAsync(runs, Step("a")), RunStatus.Failed);

        Assert.Equal((McpFailureCodes.ProtocolError, false), (failed.Steps[0].Error!.Code, failed.Steps[0].Error!.Retryable));
        Assert.Equal(1, _server.Runs);
    }

    [Fact]
    public async Task Step_that_a_server_has_no_room_for_waits_as_long_as_it_asks_and_goes_on()
    {
        var runs = await StartAsync(new StorageProvider.SqliteInMemory());
        _server.Calls.Enqueue(new ServerAnswer(429) { Headers = [("Retry-After", "2")] });
        _server.Calls.Enqueue(null);
        var before = DateTimeOffset.UtcNow;

        var id = await RunAsync(runs, Step("a"));
        var blocked = await UntilAsync(runs, id, record => record.Run.NotBefore is not null);
        await UntilAsync(runs, id, RunStatus.Succeeded);

        Assert.Equal((StepStatus.Pending, 0), (blocked.Steps[0].Status, blocked.Steps[0].Attempts));
        Assert.InRange(blocked.Run.NotBefore!.Value - before, TimeSpan.FromSeconds(2), TimeSpan.FromSeconds(30));
        Assert.Equal(2, _server.Runs);
    }

    private async Task StopAsync()
    {
        foreach (var host in _hosts)
        {
            await host.StopAsync();
            host.Dispose();
        }

        _hosts.Clear();
    }

    private async Task OddResultsAsync(StorageProvider storage)
    {
        var runs = await StartAsync(storage);
        var deep = new string('[', 300) + "1" + new string(']', 300);
        _server.Calls.Enqueue(ServerAnswer.Result($$"""{"content":[],"half":"a\ud800b","nul":"c\u0000d","deep":{{deep}},"number":1e999,"half\udc00":1}"""));
        _server.Calls.Enqueue(null);
        var arguments = new List<string>();
        _server.Gate = (_, message) =>
        {
            if (message["method"]?.ToString() == "tools/call")
                arguments.Add(message["params"]!["arguments"]!.ToJsonString());
            return null;
        };

        var id = await RunAsync(
            runs,
            Step("odd"),
            Step("use", """{"all":"{{ steps.odd.half }} {{ steps.odd.nul }}","alone":"{{ steps.odd.nul }}","number":"{{ steps.odd.number }}"}"""));
        var run = await UntilAsync(runs, id, RunStatus.Succeeded);

        using var stored = JsonDocument.Parse(run.Steps[0].Result!, new JsonDocumentOptions { MaxDepth = 512 });
        Assert.Equal("a\uFFFDb", stored.RootElement.GetProperty("half").GetString());
        Assert.Equal("text", stored.RootElement.GetProperty("_meta").GetProperty("executor/repaired")[0].GetString());
        Assert.Contains(deep, run.Steps[0].Result!, StringComparison.Ordinal);
        using var sent = JsonDocument.Parse(arguments[1]);
        Assert.Equal("a\uFFFDb c\0d", sent.RootElement.GetProperty("all").GetString());
        Assert.Equal("1e999", sent.RootElement.GetProperty("number").GetRawText());
    }

    private async Task<IRuns> StartAsync(StorageProvider storage)
    {
        var catalog = new TestCatalog();
        catalog.Add(Raw, _server.Url, new McpServerAuth.None());
        var builder = new HostApplicationBuilder(new HostApplicationBuilderSettings { DisableDefaults = true });
        builder.Logging.SetMinimumLevel(LogLevel.None);
        builder.Services
            .AddExecutorNodes()
            .AddExecutorStorage(new StorageOptions(storage))
            .AddSingleton(Keyring.Create(new string('a', 64), []))
            .AddSingleton(new EndpointGuard(EndpointPolicy.Development))
            .AddSingleton<IMcpServerCatalog>(catalog)
            .AddExecutorCredentials()
            .AddDirectEngine()
            .AddExecutorMcp()
            .AddExecutorRuns();
        var host = builder.Build();
        _hosts.Add(host);
        await host.Services.GetRequiredService<StorageStartup>().StartAsync();
        await host.StartAsync();
        return host.Services.GetRequiredService<IRuns>();
    }

    private static StepDefinition Step(string id, string arguments = "{}") =>
        new(id, Raw, "any", arguments, null, OnUnknown.ByAnnotations);

    private static async Task<RunId> RunAsync(IRuns runs, params StepDefinition[] steps) => Assert.IsType<StartOutcome.Started>(
        await runs.StartAsync(User, new NewRun("test", "{}", steps), null, default)).Run.Run.Id;

    private Task<RunRecord> UntilAsync(IRuns runs, RunId id, RunStatus status) => UntilAsync(runs, id, record => record.Run.Status == status);

    private async Task<RunRecord> UntilAsync(IRuns runs, RunId id, Func<RunRecord, bool> wanted)
    {
        RunRecord? last = null;
        await foreach (var record in runs.For(id).WatchAsync(User, _deadline.Token))
        {
            last = record;
            if (wanted(record))
                return record;
        }

        throw new InvalidOperationException($"The run ended otherwise: {last?.Run} {last?.Steps[0].Error} {last?.Steps[^1].Error}");
    }
}
