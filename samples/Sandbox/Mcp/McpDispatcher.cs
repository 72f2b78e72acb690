using ModelContextProtocol.Protocol;
using ModelContextProtocol.Server;

namespace Executor.Sandbox.Mcp;

/// <summary>Hands a message to the SDK's server: a new one per request, or the one of its session.</summary>
internal sealed class McpDispatcher(McpSandbox sandbox, McpProtocol protocol, ToolServer tools)
{
    public const string SessionHeader = "Mcp-Session-Id";

    public async Task DispatchAsync(HttpContext http, JsonRpcMessage message, ActiveCall call, Stream output)
    {
        if (protocol == McpProtocol.Stateless)
        {
            await DispatchOnceAsync(http, message, call, output);
            return;
        }

        if (await SessionOfAsync(http, message) is { } session)
            await HandleAsync(http, message, call, session, output, http.RequestAborted);
        else
            call.Update(e => e with { Stage = McpStage.Answered });
    }

    /// <summary>The standalone stream for messages from the server, of which the sandbox sends none.</summary>
    public async Task GetAsync(HttpContext http)
    {
        if (protocol == McpProtocol.Stateless)
        {
            http.Response.StatusCode = StatusCodes.Status405MethodNotAllowed;
            return;
        }

        if (await KnownSessionAsync(http) is not { } session)
            return;
        sandbox.Tally.StreamOpened(get: true);
        try
        {
            http.Response.ContentType = "text/event-stream";
            await http.Response.Body.FlushAsync(http.RequestAborted);
            await session.Transport.HandleGetRequestAsync(http.Response.Body, http.RequestAborted);
        }
        catch (OperationCanceledException)
        {
            // The client hung up, or the session ended: that is how this stream always ends.
        }
        finally
        {
            sandbox.Tally.StreamClosed(get: true);
        }
    }

    public async Task DeleteAsync(HttpContext http)
    {
        var closed = protocol == McpProtocol.Sessions
            && McpRequestReader.Header(http.Request, SessionHeader) is { } id
            && await sandbox.Sessions.CloseAsync(id);
        http.Response.StatusCode = closed ? StatusCodes.Status200OK : StatusCodes.Status404NotFound;
    }

    // Ending the one-request server ends its tool, and leaves a cancelled call without an answer, as the protocol wants it.
    // A server with sessions sees the notification itself.
    private async Task DispatchOnceAsync(HttpContext http, JsonRpcMessage message, ActiveCall call, Stream output)
    {
        await using var once = new McpServerSession(new StreamableHttpServerTransport { Stateless = true }, tools.Options);
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(http.RequestAborted, call.CancelledByClient);
        try
        {
            await HandleAsync(http, message, call, once, output, ended.Token);
        }
        catch (OperationCanceledException) when (call.IsCancelledByClient)
        {
            call.Update(e => e with { Stage = McpStage.Answered });
        }
    }

    private async Task HandleAsync(
        HttpContext http, JsonRpcMessage message, ActiveCall call, McpServerSession session, Stream output, CancellationToken cancellationToken)
    {
        sandbox.Tally.StreamOpened(get: false);
        try
        {
            http.Response.ContentType = "text/event-stream";
            var wrote = await session.Transport.HandlePostRequestAsync(message, output, _ => Answered(call), cancellationToken);
            if (!wrote)
            {
                http.Response.ContentType = null;
                http.Response.StatusCode = StatusCodes.Status202Accepted;
                await Answered(call);
            }
        }
        finally
        {
            sandbox.Tally.StreamClosed(get: false);
        }
    }

    // Before the first byte is written: whoever holds the answer finds it in the journal.
    private ValueTask Answered(ActiveCall call)
    {
        call.Update(e => e.Stage == McpStage.Aborted ? e : e with { Stage = McpStage.Answered, AnsweredAt = sandbox.Time.GetUtcNow() });
        return ValueTask.CompletedTask;
    }

    private async Task<McpServerSession?> SessionOfAsync(HttpContext http, JsonRpcMessage message)
    {
        if (message is JsonRpcRequest { Method: RequestMethods.Initialize } && McpRequestReader.Header(http.Request, SessionHeader) is null)
        {
            var opened = sandbox.Sessions.Open(tools.Options);
            http.Response.Headers[SessionHeader] = opened.Transport.SessionId;
            return opened;
        }

        return await KnownSessionAsync(http);
    }

    private async Task<McpServerSession?> KnownSessionAsync(HttpContext http)
    {
        var id = McpRequestReader.Header(http.Request, SessionHeader);
        if (id is not null && sandbox.Sessions.Find(id) is { } session)
        {
            http.Response.Headers[SessionHeader] = id;
            return session;
        }

        // A client of a newer protocol takes the 400 as the sign to fall back to initialize.
        http.Response.StatusCode = id is null ? StatusCodes.Status400BadRequest : StatusCodes.Status404NotFound;
        http.Response.ContentType = "application/json";
        await http.Response.WriteAsync(
            """{"jsonrpc":"2.0","id":null,"error":{"code":-32000,"message":"No such session."}}""", http.RequestAborted);
        return null;
    }
}
