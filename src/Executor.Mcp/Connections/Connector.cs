using System.Text.Json;
using Executor.Mcp.Calls;
using Executor.Mcp.Http;
using Executor.Security.Endpoints;
using Executor.Servers;
using Microsoft.Extensions.Logging.Abstractions;
using ModelContextProtocol.Client;
using ModelContextProtocol.Protocol;

namespace Executor.Mcp.Connections;

/// <summary>Makes and closes the SDK's clients.</summary>
internal sealed class Connector(HttpClient http, McpOptions options, TimeProvider time) : IDisposable
{
    private const int MaxHandshakeBytes = 1024 * 1024;

    private static readonly Implementation Self = new()
    {
        Name = "executor",
        Version = typeof(Connector).Assembly.GetName().Version?.ToString(3) ?? "0",
    };

    private readonly ProtocolMemory _memory = new();
    private readonly StreamMemory _streams = new(time);

    public async Task<ConnectResult> ConnectAsync(PooledConnection connection)
    {
        using var limit = new CancellationTokenSource(options.HandshakeTimeout, time);
        var version = _memory.Recall(connection.Key.Server);
        if (version is not null && !ProtocolMemory.HasHandshake(version))
            return await ResumeAsync(connection, version, limit.Token);

        var result = await NegotiateAsync(connection, version, limit.Token);
        if (version is null || result is not ConnectResult.Failed { IsBusy: false, Failure.Code: McpFailureCodes.ProtocolError or McpFailureCodes.HttpError })
            return result;

        // It was updated, or taken back, since it was last asked.
        _memory.Forget(connection.Key.Server);
        return await NegotiateAsync(connection, null, limit.Token);
    }

    /// <summary>The server refused what it is remembered to speak.</summary>
    public void Forget(PooledConnection connection) => _memory.Forget(connection.Key.Server);

    public async Task CloseAsync(PooledConnection connection, McpClient client)
    {
        using var limit = new CancellationTokenSource(options.CloseTimeout, time);
        if (connection.SessionLost)
            await limit.CancelAsync();
        var scope = new CallScope(connection.Server, ScopePurpose.Close, () => connection.NewestBearer, new ByteBudget(MaxHandshakeBytes))
        {
            Limit = limit.Token,
        };
        scope.Enter();
        try
        {
            if (connection.Stream is { } stream)
                await stream.DisposeAsync();
        }
        finally
        {
            await client.DisposeAsync();
        }
    }

    public void Dispose() => http.Dispose();

    private async Task<ConnectResult> NegotiateAsync(PooledConnection connection, string? version, CancellationToken cancellationToken)
    {
        // Not the connecting call's bearer alone: the client's message loop runs in this scope for as long as the client lives.
        var scope = new CallScope(connection.Server, ScopePurpose.Connect, () => connection.NewestBearer, new ByteBudget(MaxHandshakeBytes));
        scope.Enter();
        try
        {
            var client = await McpClient.CreateAsync(
                Transport(connection), Options(connection, version), NullLoggerFactory.Instance, cancellationToken);
            var negotiated = client.NegotiatedProtocolVersion;
            if (negotiated is not null)
                _memory.Remember(connection.Key.Server, negotiated);
            if (negotiated is null || ProtocolMemory.HasHandshake(negotiated))
                connection.Stream = new ServerStream(connection, client.SessionId, negotiated, http, _streams, options, time);
            return new ConnectResult.Connected(client, negotiated, FromMemory: false);
        }
        catch (Exception e) when (Failures.IsUpstream(e, scope))
        {
            return Failures.OfConnecting(e, scope);
        }
    }

    private async Task<ConnectResult> ResumeAsync(PooledConnection connection, string version, CancellationToken cancellationToken)
    {
        var scope = new CallScope(connection.Server, ScopePurpose.Connect, () => connection.NewestBearer, new ByteBudget(MaxHandshakeBytes));
        scope.Enter();
        // Sends nothing. Capabilities and name of the server are asked for by the SDK, and used by nobody here.
        var known = new ResumeClientSessionOptions
        {
            ServerCapabilities = new ServerCapabilities(),
            ServerInfo = new Implementation { Name = "", Version = "" },
            NegotiatedProtocolVersion = version,
        };
        var client = await McpClient.ResumeSessionAsync(
            Transport(connection), known, Options(connection, version), NullLoggerFactory.Instance, cancellationToken);
        return new ConnectResult.Connected(client, version, FromMemory: true);
    }

    private McpClientOptions Options(PooledConnection connection, string? version) => new()
    {
        Handlers = new McpClientHandlers
        {
            NotificationHandlers =
            [
                new(NotificationMethods.ProgressNotification, (notification, _) =>
                {
                    connection.Progress.Receive(JsonSerializer.SerializeToElement(notification.Params));
                    return ValueTask.CompletedTask;
                }),
            ],
        },
        ClientInfo = Self,
        ProtocolVersion = version,
        InitializationTimeout = options.HandshakeTimeout,
    };

    // No logger: the SDK's debug and trace lines quote payloads, its errors quote bodies.
    private DiscreetTransport Transport(PooledConnection connection) => new(new HttpClientTransport(
        new HttpClientTransportOptions
        {
            Endpoint = connection.Server.Url,
            // Detection retries a refused request in the old transport and reports that failure instead of the first.
            TransportMode = HttpTransportMode.StreamableHttp,
            // ServerStream opens it while a call is under way: this one would be held open for as long as the client lives.
            EnableStandaloneGetStream = false,
        },
        http,
        NullLoggerFactory.Instance,
        ownsHttpClient: false), OutgoingTrace.For(options.SendTraceparent));
}
