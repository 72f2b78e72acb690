using System.Net;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Executor.Tests.Mcp;

/// <summary>A server that answers MCP's discovery properly and everything else as the test says: what no decent server does.</summary>
internal sealed class RawServer : IAsyncDisposable
{
    private readonly WebApplication _app;

    private RawServer(WebApplication app)
    {
        _app = app;
        Url = new Uri(new Uri(app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single()), "/mcp");
    }

    public Uri Url { get; }

    /// <param name="answer">Gets each message but <c>server/discover</c>.</param>
    /// <param name="discovers">False: that one too.</param>
    public static async Task<RawServer> StartAsync(Func<HttpContext, JsonNode, Task> answer, bool discovers = true)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0));
        builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = TimeSpan.FromSeconds(1));
        var app = builder.Build();
        app.Run(async http =>
        {
            var message = http.Request.Method == "POST" ? await JsonNode.ParseAsync(http.Request.Body) : null;
            if (discovers && message?["method"]?.ToString() == "server/discover")
                await ResultAsync(http, message, """{"resultType":"complete","supportedVersions":["2026-07-28"],"capabilities":{"tools":{}},"ttlMs":0,"cacheScope":"private"}""");
            else
                await answer(http, message ?? new JsonObject());
        });
        await app.StartAsync();
        return new RawServer(app);
    }

    /// <summary>As a server of 2025-11-25 with sessions and tools answers <c>initialize</c>.</summary>
    public static Task InitializedAsync(HttpContext http, JsonNode message, string session)
    {
        http.Response.Headers["Mcp-Session-Id"] = session;
        return ResultAsync(
            http, message, """{"protocolVersion":"2025-11-25","capabilities":{"tools":{}},"serverInfo":{"name":"asking","version":"1"}}""");
    }

    public static async Task ResultAsync(HttpContext http, JsonNode message, string result)
    {
        http.Response.ContentType = "application/json";
        await http.Response.WriteAsync($$"""{"jsonrpc":"2.0","id":{{message["id"]!.ToJsonString()}},"result":{{result}}}""");
    }

    public async ValueTask DisposeAsync()
    {
        await _app.StopAsync();
        await _app.DisposeAsync();
    }
}
