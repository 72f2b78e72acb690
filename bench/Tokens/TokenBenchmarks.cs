using System.Collections.Concurrent;
using BenchmarkDotNet.Attributes;
using Executor.Credentials;
using Executor.Credentials.Owner;
using Executor.Identity;
using Executor.Nodes;
using Executor.Sandbox;
using Executor.Security;
using Executor.Security.Endpoints;
using Executor.Servers;
using Executor.Storage;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Executor.Tokens;

public class TokenBenchmarks
{
    private static readonly CredentialKey _key = new(UserId.From(1), McpServerId.From("s0"));
    private static readonly Dictionary<string, string> _noHeaders = [];

    private readonly ConcurrentDictionary<CredentialKey, TokenOutcome> _dictionary = new();
    private SandboxHost? _sandbox;
    private ServiceProvider? _services;
    private List<IHostedService> _hosted = [];
    private LocalOwners? _owners;
    private CredentialOwner? _owner;

    /// <summary>Waits: in process, BenchmarkDotNet does not.</summary>
    [GlobalSetup]
    public void Connect() => ConnectAsync().GetAwaiter().GetResult();

    [GlobalCleanup]
    public void End() => EndAsync().GetAwaiter().GetResult();

    [Benchmark(Baseline = true, Description = "floor: a concurrent dictionary's read")]
    public TokenOutcome ReadDictionary() => _dictionary[_key];

    [Benchmark(Description = "the owner, at hand")]
    public ValueTask<TokenOutcome> AskOwner() => _owner!.GetTokenAsync(default);

    [Benchmark(Description = "the owner, looked up")]
    public ValueTask<TokenOutcome> AskThroughRouting() => _owners!.Activate(_key).GetTokenAsync(default);

    private async Task ConnectAsync()
    {
        _sandbox = await SandboxHost.StartAsync(new SandboxOptions());
        var services = new ServiceCollection().AddLogging().AddMetrics();
        services.AddSingleton(Keyring.Create(new string('a', 64), []));
        services.AddSingleton<IMcpServerCatalog>(new McpServerCatalog(
            [new McpServer(_key.Server, _sandbox.McpEndpoint, _noHeaders, new McpServerAuth.OAuth2(null, RefreshReplay.Strict, []))]));
        services.AddSingleton(new EndpointGuard(EndpointPolicy.Development));
        services.AddExecutorStorage(new StorageOptions(new StorageProvider.SqliteInMemory()));
        services.AddExecutorNodes();
        services.AddExecutorCredentials();
        services.AddSingleton<ICredentialRecoverer, NothingToRecover>();
        _services = services.BuildServiceProvider();
        await _services.GetRequiredService<StorageStartup>().StartAsync();
        _hosted = [.. _services.GetServices<IHostedService>()];
        foreach (var service in _hosted)
            await service.StartAsync(default);
        _services.GetRequiredService<NodeState>().MoveTo(NodePhase.Running);

        _owners = _services.GetRequiredService<LocalOwners>();
        _owner = _owners.Activate(_key);
        var grant = _sandbox.OAuth.Mint();
        await _owner.DepositAsync(new Deposit(new RefreshToken(grant.RefreshToken), _sandbox.TokenEndpoint.ToString(), "sandbox-client"), default);
        _dictionary[_key] = await _owner.GetTokenAsync(default) as TokenOutcome.Issued ?? throw new InvalidOperationException("There is no token to hand out.");
    }

    private async Task EndAsync()
    {
        foreach (var service in Enumerable.Reverse(_hosted))
            await service.StopAsync(default);
        await _services!.DisposeAsync();
        await _sandbox!.DisposeAsync();
    }

    private sealed class NothingToRecover : ICredentialRecoverer
    {
        public Task RecoverAsync(CredentialKey key, CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
