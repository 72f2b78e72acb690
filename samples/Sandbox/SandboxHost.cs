using System.Net;
using Executor.Sandbox.Control;
using Executor.Sandbox.Mcp;
using Executor.Sandbox.OAuth;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;

namespace Executor.Sandbox;

/// <summary>An authorization server and a protected MCP server on one loopback port.</summary>
public sealed class SandboxHost : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly CancellationTokenSource _stopping;

    private SandboxHost(WebApplication app, OAuthSandbox oauth, McpSandbox mcp, CancellationTokenSource stopping)
    {
        _app = app;
        _stopping = stopping;
        OAuth = oauth;
        Mcp = mcp;
        BaseAddress = new Uri(app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single());
    }

    public Uri BaseAddress { get; }

    public Uri TokenEndpoint => new(BaseAddress, OAuthRoutes.Token);

    public Uri RevocationEndpoint => new(BaseAddress, OAuthRoutes.Revoke);

    public Uri McpEndpoint => new(BaseAddress, McpRoutes.Path);

    public OAuthSandbox OAuth { get; }

    public McpSandbox Mcp { get; }

    public static async Task<SandboxHost> StartAsync(SandboxOptions? options = null, CancellationToken cancellationToken = default)
    {
        options ??= new SandboxOptions();
        var stopping = new CancellationTokenSource();
        var oauth = new OAuthSandbox(options, stopping.Token);
        var mcp = new McpSandbox(options, stopping.Token);
        var app = Build(options);
        app.MapOAuth(oauth);
        app.MapMcp(options, mcp, oauth);
        app.MapControl(oauth, mcp);
        try
        {
            await app.StartAsync(cancellationToken);
        }
        catch
        {
            await app.DisposeAsync();
            stopping.Dispose();
            throw;
        }

        return new SandboxHost(app, oauth, mcp, stopping);
    }

    public async ValueTask DisposeAsync()
    {
        // Held requests first: the server waits for them.
        await _stopping.CancelAsync();
        await Mcp.CloseSessionsAsync();
        await _app.StopAsync();
        await _app.DisposeAsync();
        _stopping.Dispose();
    }

    // An empty builder reads no environment, watches no file and logs nothing: many of these live in one test process.
    private static WebApplication Build(SandboxOptions options)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Listen(IPAddress.Loopback, options.Port);
        });
        builder.Services.AddRoutingCore();
        builder.Services.AddSingleton<IHostLifetime, NoLifetime>();
        builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = TimeSpan.FromSeconds(2));
        builder.Services.ConfigureHttpJsonOptions(json => ControlJson.Configure(json.SerializerOptions));
        if (options.Verbose)
            builder.Logging.AddSimpleConsole(console => console.SingleLine = true);
        return builder.Build();
    }

    /// <summary>Leaves the process's signals to whoever owns the process.</summary>
    private sealed class NoLifetime : IHostLifetime
    {
        public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
