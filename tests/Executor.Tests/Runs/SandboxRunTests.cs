using Executor.Credentials;
using Executor.Identity;
using Executor.Mcp;
using Executor.Nodes;
using Executor.Runs;
using Executor.Sandbox;
using Executor.Sandbox.OAuth;
using Executor.Security;
using Executor.Security.Endpoints;
using Executor.Servers;
using Executor.Storage;
using Executor.Testing.Engine;
using Executor.Tests.Infrastructure;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Executor.Tests.Runs;

/// <summary>Everything real, composed as a host composes it, on the real clock.</summary>
public sealed class SandboxRunTests : IAsyncLifetime, IDisposable
{
    private static readonly McpServerId Crm = McpServerId.From("crm");
    private static readonly UserId User = UserId.From(7);

    private readonly CancellationTokenSource _deadline = new(TimeSpan.FromSeconds(30));
    private SandboxHost _sandbox = null!;
    private IHost _host = null!;

    private IRuns Runs => _host.Services.GetRequiredService<IRuns>();

    public void Dispose() => _deadline.Dispose();

    public async Task InitializeAsync()
    {
        _sandbox = await SandboxHost.StartAsync();
        var catalog = new TestCatalog();
        catalog.OAuth2(Crm, _sandbox.McpEndpoint, RefreshReplay.Strict);
        var builder = new HostApplicationBuilder(new HostApplicationBuilderSettings { DisableDefaults = true });
        builder.Logging.SetMinimumLevel(LogLevel.None);
        builder.Services
            .AddExecutorNodes()
            .AddExecutorStorage(new StorageOptions(new StorageProvider.SqliteInMemory()))
            .AddSingleton(Keyring.Create(new string('a', 64), []))
            .AddSingleton(new EndpointGuard(EndpointPolicy.Development))
            .AddSingleton<IMcpServerCatalog>(catalog)
            .AddExecutorCredentials()
            .AddDirectEngine()
            .AddExecutorMcp()
            .AddExecutorRuns();
        _host = builder.Build();
        await _host.Services.GetRequiredService<StorageStartup>().StartAsync();
        await _host.StartAsync();
    }

    public async Task DisposeAsync()
    {
        _sandbox.Mcp.Release();
        await _host.StopAsync();
        _host.Dispose();
        await _sandbox.DisposeAsync();
    }

    [Fact]
    public async Task Run_parks_wakes_by_a_deposit_and_uses_what_it_found()
    {
        var id = await StartAsync(
            Step("find", "search", """{"query":"{{ input.q }}"}"""),
            Step("say", "echo", """{"text":"found {{ steps.find.structuredContent.items[0].id }}"}"""));
        await UntilAsync(id, RunStatus.AwaitingInput);
        await DepositAsync();
        var run = await UntilAsync(id, RunStatus.Succeeded);
        Assert.Contains("found tea-1", run.Steps[1].Result!, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Cancel_tells_the_server_about_the_call_in_flight()
    {
        await DepositAsync();
        var id = await StartAsync(Step("hang", "wait"));
        await _sandbox.Mcp.WaitForHeldAsync();
        Assert.Equal(CancelOutcome.Requested, await Runs.For(id).CancelAsync(User, default));
        await UntilAsync(id, RunStatus.Cancelled);
        Assert.Equal(1, _sandbox.Mcp.Counters.Cancellations);
    }

    [Fact]
    public async Task Call_cut_off_after_its_effect_is_not_made_again_by_itself()
    {
        await DepositAsync();
        var id = await StartAsync(Step("boom", "crash"), Step("say", "echo", """{"text":"x"}"""));
        var run = await UntilAsync(id, RunStatus.AwaitingInput);
        Assert.Equal(AwaitingReason.Interrupted, run.Run.AwaitingReason);
        Assert.Equal(1, _sandbox.Mcp.Effects.Values.Sum());
        await Runs.For(id).TriggerAsync(User, TriggerAction.Skip, default);
        await UntilAsync(id, RunStatus.Succeeded);
        Assert.Equal(1, _sandbox.Mcp.Effects.Values.Sum());
    }

    private static StepDefinition Step(string id, string tool, string arguments = "{}") =>
        new(id, Crm, tool, arguments, null, OnUnknown.ByAnnotations);

    private async Task<RunId> StartAsync(params StepDefinition[] steps) => Assert.IsType<StartOutcome.Started>(
        await Runs.StartAsync(User, new NewRun("test", """{"q":"tea"}""", steps), null, default)).Run.Run.Id;

    private async Task DepositAsync()
    {
        var grant = _sandbox.OAuth.Mint(new MintGrant());
        Assert.IsType<DepositOutcome.Stored>(await _host.Services.GetRequiredService<ICredentials>()
            .For(new CredentialKey(User, Crm))
            .DepositAsync(new Deposit(new RefreshToken(grant.RefreshToken), _sandbox.TokenEndpoint.ToString(), "sandbox-client"), default));
    }

    private async Task<RunRecord> UntilAsync(RunId id, RunStatus status)
    {
        RunRecord? last = null;
        await foreach (var record in Runs.For(id).WatchAsync(User, _deadline.Token))
        {
            last = record;
            if (record.Run.Status == status)
                return record;
        }

        throw new InvalidOperationException($"The run ended otherwise: {last?.Run} {last?.Steps[0].Error}");
    }
}
