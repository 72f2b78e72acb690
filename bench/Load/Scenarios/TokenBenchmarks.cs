using System.Collections.Concurrent;
using BenchmarkDotNet.Attributes;
using Executor.Credentials;
using Executor.Identity;
using Executor.Server;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Executor.Load.Scenarios;

public class TokenBenchmarks
{
    private static readonly CredentialKey Key = new(UserId.From(1), McpServerId.From("s0"));

    private readonly ConcurrentDictionary<CredentialKey, TokenOutcome> _dictionary = new();
    private SandboxProcess? _sandbox;
    private WebApplication? _node;
    private ICredentials? _credentials;
    private ICredentialOwner? _owner;

    /// <summary>Waits: in process, BenchmarkDotNet does not.</summary>
    [GlobalSetup]
    public void Connect() => ConnectAsync().GetAwaiter().GetResult();

    [GlobalCleanup]
    public void End() => EndAsync().GetAwaiter().GetResult();

    [Benchmark(Baseline = true, Description = "floor: a concurrent dictionary's read")]
    public TokenOutcome ReadDictionary() => _dictionary[Key];

    [Benchmark(Description = "the owner, at hand")]
    public ValueTask<TokenOutcome> AskOwner() => _owner!.GetTokenAsync(default);

    [Benchmark(Description = "the owner, looked up as a step does")]
    public ValueTask<TokenOutcome> AskThroughRouting() => _credentials!.For(Key).GetTokenAsync(default);

    private async Task ConnectAsync()
    {
        _sandbox = await SandboxProcess.StartAsync();
        var settings = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["EXECUTOR_AUTH_SECRET"] = TestTokens.Secret,
            ["EXECUTOR_ENCRYPTION_KEY"] = TestTokens.EncryptionKey,
            ["HTTP_HOST"] = "127.0.0.1",
            ["HTTP_PORT"] = "0",
            ["ASPNETCORE_ENVIRONMENT"] = "Development",
        };
        _node = ExecutorHost.Build(["--in-memory"], settings.GetValueOrDefault, builder => builder.Logging.ClearProviders());
        await _node.StartAsync();
        _credentials = _node.Services.GetRequiredService<ICredentials>();
        _owner = _credentials.For(Key);
        var grant = await _sandbox.MintAsync();
        await _owner.DepositAsync(new Deposit(new RefreshToken(grant.RefreshToken), _sandbox.TokenEndpoint.ToString(), "sandbox-client"), default);
        var issued = await _owner.GetTokenAsync(default);
        _dictionary[Key] = issued as TokenOutcome.Issued ?? throw new InvalidOperationException("There is no token to hand out.");
    }

    private async Task EndAsync()
    {
        await _node!.StopAsync();
        await _node.DisposeAsync();
        _sandbox!.Dispose();
    }
}
