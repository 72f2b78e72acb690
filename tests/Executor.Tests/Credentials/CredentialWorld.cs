using Executor.Credentials;
using Executor.Credentials.Owner;
using Executor.Identity;
using Executor.Nodes;
using Executor.Sandbox;
using Executor.Sandbox.OAuth;
using Executor.Security;
using Executor.Security.Endpoints;
using Executor.Servers;
using Executor.Testing.Engine;
using Executor.Tests.Infrastructure;
using Microsoft.Extensions.DependencyInjection;

namespace Executor.Tests.Credentials;

/// <summary>
/// Real owners over a real SQLite store and a real OAuth server, on one manual clock. Several nodes may share the store.
/// </summary>
internal sealed class CredentialWorld : IAsyncDisposable
{
    public static readonly McpServerId Server = McpServerId.From("crm");

    private readonly List<ServiceProvider> _nodes = [];
    private readonly TestStore _store;

    private CredentialWorld(SandboxHost sandbox, TestStore store, ManualTimeProvider time)
    {
        Sandbox = sandbox;
        _store = store;
        Time = time;
    }

    public SandboxHost Sandbox { get; }

    public ManualTimeProvider Time { get; }

    public ICredentialStore Store => _store.Credentials;

    public IChangeFeed Changes => _store.Changes;

    public TestCatalog Catalog { get; } = new();

    public CapturedLogs Logs { get; } = new();

    public static CredentialKey Key(long user = 7) => new(UserId.From(user), Server);

    public static async Task<CredentialWorld> StartAsync(ProviderBehaviour? behaviour = null, RefreshReplay? replay = null)
    {
        var time = new ManualTimeProvider();
        var sandbox = await SandboxHost.StartAsync(new SandboxOptions
        {
            TimeProvider = time,
            DefaultBehaviour = behaviour ?? ProviderBehaviour.Strict,
        });
        var world = new CredentialWorld(sandbox, await TestStore.InMemoryAsync(time), time);
        world.Catalog.OAuth2(Server, sandbox.McpEndpoint, replay ?? RefreshReplay.Strict);
        return world;
    }

    /// <summary>A node of its own over the shared store.</summary>
    public TestNode Node(
        string name = "a",
        Func<ICredentialStore, ICredentialStore>? through = null,
        string? key = null,
        GuardedHttpOptions? http = null,
        IChangeFeed? changes = null,
        TimeSpan youngToken = default)
    {
        var liveness = new TestLiveness(new NodeRef(name, _nodes.Count + 1));
        _store.EnterAsync(liveness.Self).GetAwaiter().GetResult();
        var services = new ServiceCollection()
            .AddLogging(logging => Logs.AttachTo(logging))
            .AddMetrics()
            .AddSingleton<TimeProvider>(Time)
            .AddSingleton(new Random(1))
            .AddSingleton(Keyring.Create(key ?? TestTokens.EncryptionKey, []))
            .AddSingleton(new EndpointGuard(EndpointPolicy.Development))
            .AddSingleton(http ?? new GuardedHttpOptions())
            .AddSingleton<IMcpServerCatalog>(Catalog)
            .AddSingleton<INodeLiveness>(liveness)
            .AddSingleton<IDetachedWork, DetachedWork>()
            .AddSingleton<NodeState>()
            .AddSingleton(changes ?? _store.Changes)
            .AddSingleton(through?.Invoke(Store) ?? Store)
            .AddExecutorCredentials()
            .AddDirectEngine()
            .Configure<CredentialOptions>(options => options.YoungToken = youngToken)
            .BuildServiceProvider();
        _nodes.Add(services);
        return new TestNode(services, liveness);
    }

    public async Task<MintedGrant> DepositAsync(TestNode node, ProviderBehaviour? behaviour = null, long user = 7)
    {
        var grant = Sandbox.OAuth.Mint(new MintGrant { Behaviour = behaviour });
        Assert.IsType<DepositOutcome.Stored>(await node.Owner(user).DepositAsync(DepositOf(grant.RefreshToken), default));
        return grant;
    }

    public Deposit DepositOf(string refreshToken) =>
        new(new RefreshToken(refreshToken), Sandbox.TokenEndpoint.ToString(), "sandbox-client");

    public async Task<CredentialRow> RowAsync(long user = 7) => (await Store.ReadAsync(Key(user), default))!.Row;

    public Task MarkGoneAsync(TestNode node) => _store.MarkGoneAsync(node.Liveness.Self);

    public async Task<bool> AcceptsAsync(AccessToken token)
    {
        using var http = new HttpClient();
        using var request = new HttpRequestMessage(HttpMethod.Post, Sandbox.McpEndpoint) { Content = new StringContent("{}") };
        request.Headers.Authorization = new("Bearer", token.Value);
        using var response = await http.SendAsync(request);
        return response.StatusCode != System.Net.HttpStatusCode.Unauthorized;
    }

    /// <summary>Lets time pass in small steps until something is so: what waits on the clock may not have begun to wait yet.</summary>
    public async Task AdvanceUntilAsync(Func<Task<bool>> condition, TimeSpan? step = null)
    {
        var deadline = Environment.TickCount64 + 15_000;
        while (!await condition())
        {
            Assert.True(Environment.TickCount64 < deadline, "The condition was not met in time.");
            Time.Advance(step ?? TimeSpan.FromSeconds(1));
            await Task.Delay(5); // lets other threads act on the time that has passed; the condition decides
        }
    }

    public Task AdvanceUntilAsync(Func<bool> condition, TimeSpan? step = null) =>
        AdvanceUntilAsync(() => Task.FromResult(condition()), step);

    /// <summary>What a caller is told that may have to wait on the clock, which moves meanwhile.</summary>
    public async Task<TokenOutcome> WaitAsync(ValueTask<TokenOutcome> call)
    {
        var task = call.AsTask();
        await AdvanceUntilAsync(() => task.IsCompleted);
        return await task;
    }

    public async ValueTask DisposeAsync()
    {
        Sandbox.OAuth.Release();
        foreach (var node in _nodes)
            await node.DisposeAsync();
        await Sandbox.DisposeAsync();
        await _store.DisposeAsync();
    }
}

internal sealed record TestNode(ServiceProvider Services, TestLiveness Liveness)
{
    public CredentialRecovery Recovery => Services.GetRequiredService<CredentialRecovery>();

    public ICredentials Credentials => Services.GetRequiredService<ICredentials>();

    public CredentialOwner Owner(long user = 7) => Services.GetRequiredService<LocalOwners>().Activate(CredentialWorld.Key(user));

    /// <summary>Another activation of the same key: what an engine must never need to rule out.</summary>
    public CredentialOwner Duplicate() =>
        ActivatorUtilities.CreateInstance<LocalOwners>(Services).Activate(CredentialWorld.Key());

    /// <summary>Every redemption has ended and is settled.</summary>
    public Task IdleAsync() => Services.GetRequiredService<IDetachedWork>().WhenIdleAsync(new CancellationTokenSource(10_000).Token);

    /// <summary>A redemption has not ended, or is not settled yet.</summary>
    public bool IsBusy() => !Services.GetRequiredService<IDetachedWork>().WhenIdleAsync(CancellationToken.None).IsCompleted;

    public async Task<AccessToken> TokenAsync(long user = 7) =>
        Assert.IsType<TokenOutcome.Issued>(await Owner(user).GetTokenAsync(default)).Token;
}
