using System.Collections.Concurrent;
using System.Text.Json;
using Executor.Credentials;
using Executor.Identity;
using Executor.Mcp;
using Executor.Nodes;
using Executor.Sandbox;
using Executor.Sandbox.Mcp;
using Executor.Servers;
using Executor.Tests.Infrastructure;
using Microsoft.Extensions.DependencyInjection;

namespace Executor.Tests.Mcp;

/// <summary>A gateway as a host composes it, with everything that is logged kept.</summary>
internal sealed class McpHarness : IAsyncDisposable
{
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    private readonly ServiceProvider _services;

    public McpHarness(Action<McpOptions>? configure = null, ICredentials? credentials = null)
    {
        var services = new ServiceCollection();
        services.AddLogging(logging => Logs.AttachTo(logging));
        services.AddMetrics();
        services.AddSingleton<IDetachedWork, DetachedWork>();
        services.AddSingleton<IChangeFeed>(Changes);
        services.AddSingleton(credentials ?? new ScriptedCredentials());
        services.AddExecutorMcp(configure);
        _services = services.BuildServiceProvider();
        Gateway = _services.GetRequiredService<IMcpGateway>();
        Authorized = _services.GetRequiredService<AuthorizedMcp>();
    }

    public IMcpGateway Gateway { get; }

    public AuthorizedMcp Authorized { get; }

    public CapturedLogs Logs { get; } = new();

    public LocalChangeFeed Changes { get; } = new();

    public static UserId User(long id) => UserId.From(id);

    public static McpServer Server(Uri url, McpServerAuth? auth = null, params (string Name, string Value)[] headers) => new(
        McpServerId.From("crm"),
        url,
        headers.ToDictionary(h => h.Name, h => h.Value, StringComparer.OrdinalIgnoreCase),
        auth ?? new McpServerAuth.OAuth2(null, RefreshReplay.Strict, []));

    public static McpToolCall Call(string tool, object? arguments = null, TimeSpan? timeout = null, string key = "key-1") =>
        new(tool, JsonSerializer.SerializeToElement(arguments ?? new { }), key, timeout ?? Patience);

    public static async Task<SandboxHost> SandboxAsync(McpProtocol protocol = McpProtocol.Stateless, SandboxOptions? options = null) =>
        await SandboxHost.StartAsync((options ?? new SandboxOptions()) with { McpProtocol = protocol });

    public static async Task EventuallyAsync(Func<bool> holds, string what)
    {
        var deadline = Environment.TickCount64 + (long)Patience.TotalMilliseconds;
        while (!holds())
        {
            Assert.True(Environment.TickCount64 < deadline, what);
            await Task.Delay(10);
        }
    }

    public async Task<McpToolResult> CallAsync(McpServer server, AccessToken? token, McpToolCall call, long user = 1) =>
        Completed(await Gateway.CallToolAsync(User(user), server, token, call, CancellationToken.None));

    public async Task<IReadOnlyList<McpTool>> ListAsync(McpServer server, AccessToken? token, long user = 1) =>
        (await ListAllAsync(server, token, user)).Tools;

    public async Task<McpToolList> ListAllAsync(McpServer server, AccessToken? token, long user = 1) =>
        Completed(await Gateway.ListToolsAsync(User(user), server, token, CancellationToken.None));

    public async Task<McpFailure> FailAsync(McpServer server, AccessToken? token, McpToolCall call, long user = 1) =>
        Failed(await Gateway.CallToolAsync(User(user), server, token, call, CancellationToken.None));

    public async Task<McpFailure> FailListAsync(McpServer server, AccessToken? token, long user = 1) =>
        Failed(await Gateway.ListToolsAsync(User(user), server, token, CancellationToken.None));

    private static T Completed<T>(McpOutcome<T> outcome)
    {
        Assert.True(outcome is McpOutcome<T>.Completed, outcome.ToString());
        return ((McpOutcome<T>.Completed)outcome).Value;
    }

    private static McpFailure Failed<T>(McpOutcome<T> outcome)
    {
        Assert.True(outcome is McpOutcome<T>.Failed, outcome.ToString());
        return ((McpOutcome<T>.Failed)outcome).Failure;
    }

    public ValueTask DisposeAsync() => _services.DisposeAsync();
}

internal sealed class LocalChangeFeed : IChangeFeed
{
    private readonly ConcurrentDictionary<Guid, Action<Change>> _handlers = new();

    public IDisposable Subscribe(Action<Change> handler)
    {
        var id = Guid.NewGuid();
        _handlers[id] = handler;
        return new Subscription(() => _handlers.TryRemove(id, out _));
    }

    public void Publish(Change change)
    {
        foreach (var handler in _handlers.Values)
            handler(change);
    }

    private sealed class Subscription(Action end) : IDisposable
    {
        public void Dispose() => end();
    }
}

/// <summary>Answers as the owner of every key would; the test says what, and reads what was asked.</summary>
internal sealed class ScriptedCredentials : ICredentials, ICredentialOwner
{
    public Func<TokenOutcome> OnGet { get; set; } = () => throw new InvalidOperationException("No token was expected to be asked for.");

    public Func<Rejection, TokenOutcome> OnRejected { get; set; } = _ => throw new InvalidOperationException("No rejection was expected.");

    public Func<ProbeId, TokenOutcome> OnProbe { get; set; } = _ => throw new InvalidOperationException("No probe was expected.");

    public ConcurrentQueue<Rejection> Rejections { get; } = new();

    public ConcurrentQueue<Generation> Accepted { get; } = new();

    public ICredentialOwner For(CredentialKey key) => this;

    public Task<DepositOutcome> DepositAsync(Deposit deposit, CancellationToken cancellationToken) => throw new NotSupportedException();

    public Task DeleteAsync(CancellationToken cancellationToken) => throw new NotSupportedException();

    public ValueTask<TokenOutcome> GetTokenAsync(CancellationToken cancellationToken) => ValueTask.FromResult(OnGet());

    public ValueTask<TokenOutcome> TokenRejectedAsync(Rejection rejection, CancellationToken cancellationToken)
    {
        Rejections.Enqueue(rejection);
        return ValueTask.FromResult(OnRejected(rejection));
    }

    public ValueTask<TokenOutcome> ProbeAsync(ProbeId probe, CancellationToken cancellationToken) => ValueTask.FromResult(OnProbe(probe));

    public ValueTask TokenAcceptedAsync(Generation accepted, CancellationToken cancellationToken)
    {
        Accepted.Enqueue(accepted);
        return ValueTask.CompletedTask;
    }
}
