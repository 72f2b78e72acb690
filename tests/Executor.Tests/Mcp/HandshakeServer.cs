using System.Collections.Concurrent;
using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Executor.Tests.Mcp;

/// <summary>
/// A server of either age that answers as it should until a test says otherwise: what it says to a session that it does not know, to
/// a method that it does not know, and to a call.
/// </summary>
internal sealed class HandshakeServer : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly ConcurrentDictionary<string, bool> _sessions = new();
    private int _opened;

    private HandshakeServer(WebApplication app)
    {
        _app = app;
        app.Run(AnswerAsync);
    }

    public Uri Url { get; private set; } = null!;

    /// <summary>Speaks 2026-07-28, without sessions.</summary>
    public bool IsStateless { get; set; }

    /// <summary>To a session that is not known; by default as MCP wants it.</summary>
    public ServerAnswer UnknownSession { get; set; } = new(404);

    /// <summary>To <c>server/discover</c> where that is not known.</summary>
    public ServerAnswer UnknownMethod { get; set; } = new(400, """{"jsonrpc":"2.0","id":{id},"error":{"code":-32601,"message":"sentinel"}}""");

    /// <summary>Before anything else is looked at.</summary>
    public Func<HttpContext, JsonNode, ServerAnswer?> Gate { get; set; } = (_, _) => null;

    /// <summary>To the calls of a tool, one after the other; the last one for all that follow. Null: a plain result.</summary>
    public ConcurrentQueue<ServerAnswer?> Calls { get; } = new();

    public string[] Tools { get; set; } = ["any"];

    public ConcurrentQueue<string> Methods { get; } = new();

    /// <summary>Calls that reached the tool.</summary>
    public int Runs => Methods.Count(method => method == "ran");

    public int Opened => Volatile.Read(ref _opened);

    public int CountOf(string method) => Methods.Count(one => one == method);

    public static async Task<HandshakeServer> StartAsync()
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0));
        builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = TimeSpan.FromSeconds(1));
        var app = builder.Build();
        var server = new HandshakeServer(app);
        await app.StartAsync();
        server.Url = new Uri(new Uri(app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single()), "/mcp");
        return server;
    }

    /// <summary>As a new deployment does.</summary>
    public void LoseSessions() => _sessions.Clear();

    public async ValueTask DisposeAsync()
    {
        await _app.StopAsync();
        await _app.DisposeAsync();
    }

    private async Task AnswerAsync(HttpContext http)
    {
        if (http.Request.Method != "POST")
        {
            http.Response.StatusCode = 405;
            return;
        }

        var message = (await JsonNode.ParseAsync(http.Request.Body))!;
        var method = message["method"]?.ToString() ?? "";
        Methods.Enqueue(method);
        await (Gate(http, message) ?? Answer(http, message, method)).WriteAsync(http, message);
    }

    private ServerAnswer Answer(HttpContext http, JsonNode message, string method)
    {
        if (method == "server/discover")
        {
            return IsStateless
                ? ServerAnswer.Result("""{"resultType":"complete","supportedVersions":["2026-07-28"],"capabilities":{"tools":{}},"ttlMs":0,"cacheScope":"private"}""")
                : UnknownMethod;
        }

        if (IsStateless && method == "initialize")
            return new ServerAnswer(404, """{"jsonrpc":"2.0","id":{id},"error":{"code":-32601,"message":"sentinel"}}""");
        if (method == "initialize")
        {
            var id = $"session-{Interlocked.Increment(ref _opened)}";
            _sessions[id] = true;
            http.Response.Headers["Mcp-Session-Id"] = id;
            return ServerAnswer.Result($$$"""{"protocolVersion":"{{{message["params"]!["protocolVersion"]}}}","capabilities":{"tools":{}},"serverInfo":{"name":"raw","version":"1"}}""");
        }

        if (!IsStateless && !_sessions.ContainsKey(http.Request.Headers["Mcp-Session-Id"].ToString()))
            return UnknownSession;
        if (message["id"] is null)
            return new ServerAnswer(202);
        if (method == "tools/list")
            return ServerAnswer.Result("{\"tools\":[" + string.Join(",", Tools.Select(name => $$$"""{"name":"{{{name}}}","inputSchema":{"type":"object"}}""")) + "]}");
        if (method != "tools/call")
            return ServerAnswer.Result("{}");
        Methods.Enqueue("ran");
        ServerAnswer? answer = null;
        if (Calls.Count > 1)
            Calls.TryDequeue(out answer);
        else
            Calls.TryPeek(out answer);
        return answer ?? ServerAnswer.Result("""{"content":[]}""");
    }
}

/// <param name="Body">Where <c>{id}</c> stands for the request's.</param>
internal sealed record ServerAnswer(int Status, string Body = "", string? Type = "application/json")
{
    public (string Name, string Value)[] Headers { get; init; } = [];

    public Encoding Encoding { get; init; } = Encoding.UTF8;

    /// <summary>In place of the body, as they are.</summary>
    public byte[]? Bytes { get; init; }

    public bool Abort { get; init; }

    public static ServerAnswer Result(string result) => new(200, $$"""{"jsonrpc":"2.0","id":{id},"result":{{result}}}""");

    public static ServerAnswer Error(int code, string text = "sentinel", int status = 200) =>
        new(status, $$$"""{"jsonrpc":"2.0","id":{id},"error":{"code":{{{code}}},"message":"{{{text}}}"}}""");

    public async Task WriteAsync(HttpContext http, JsonNode message)
    {
        if (Abort)
        {
            http.Abort();
            return;
        }

        http.Response.StatusCode = Status;
        foreach (var (name, value) in Headers)
            http.Response.Headers[name] = value;
        if (Body.Length == 0 && Bytes is null)
            return;
        if (Type is not null)
            http.Response.Headers.ContentType = Type;
        await http.Response.Body.WriteAsync(Bytes ?? Encoding.GetBytes(Body.Replace("{id}", message["id"]?.ToJsonString() ?? "null", StringComparison.Ordinal)));
    }
}
