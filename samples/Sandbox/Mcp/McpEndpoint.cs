using System.Text.Json;
using ModelContextProtocol;
using ModelContextProtocol.Protocol;

namespace Executor.Sandbox.Mcp;

/// <summary><c>POST /mcp</c>: bearer, journal, fault, then the SDK's server. The SDK's own ASP.NET package is not at hand.</summary>
internal sealed class McpEndpoint(McpSandbox sandbox, BearerGate gate, McpDispatcher dispatcher)
{
    public async Task PostAsync(HttpContext http)
    {
        var caller = gate.Check(http.Request);
        JsonRpcMessage? message;
        try
        {
            message = await JsonSerializer.DeserializeAsync<JsonRpcMessage>(http.Request.Body, McpJsonUtilities.DefaultOptions, http.RequestAborted);
        }
        catch (JsonException)
        {
            message = null;
        }

        if (message is null)
        {
            http.Response.StatusCode = StatusCodes.Status400BadRequest;
            return;
        }

        sandbox.Tally.Request();
        var entry = sandbox.Journal.Add(sequence => McpRequestReader.Read(sequence, sandbox.Time.GetUtcNow(), http.Request, message, caller));
        using var call = new ActiveCall(sandbox, entry, http);
        message.Context = new JsonRpcMessageContext
        {
            ProtocolVersion = McpRequestReader.Header(http.Request, "Mcp-Protocol-Version"),
            Items = new Dictionary<string, object?>(StringComparer.Ordinal) { [ActiveCall.ItemKey] = call },
        };
        try
        {
            await ServeAsync(http, message, call, caller);
        }
        catch (OperationCanceledException) when (http.RequestAborted.IsCancellationRequested)
        {
            call.Update(e => e.Stage == McpStage.Aborted ? e : e with { Stage = McpStage.ClientGone });
        }
    }

    private async Task ServeAsync(HttpContext http, JsonRpcMessage message, ActiveCall call, Caller caller)
    {
        if (!caller.Admitted)
        {
            sandbox.Tally.Refused();
            call.Update(e => e with { Stage = McpStage.Refused });
            Refuse(http, caller);
            return;
        }

        if (message is not JsonRpcRequest)
        {
            NoteCancellation(message, call.Entry);
            await dispatcher.DispatchAsync(http, message, call, http.Response.Body);
            return;
        }

        sandbox.Running.Add(call);
        try
        {
            await AnswerAsync(http, message, call, caller);
        }
        finally
        {
            sandbox.Running.Remove(call);
        }
    }

    private async Task AnswerAsync(HttpContext http, JsonRpcMessage message, ActiveCall call, Caller caller)
    {
        var fault = sandbox.Faults.Take(f => f.Matches(call.Entry));
        if (fault is null)
        {
            await dispatcher.DispatchAsync(http, message, call, http.Response.Body);
            return;
        }

        call.Update(e => e with { Fault = fault });
        using var unsent = new MemoryStream();
        if (fault.AfterExecuting)
            await dispatcher.DispatchAsync(http, message, call, unsent);

        if (fault.Kind != McpFaultKind.Hang)
        {
            Fail(http, call, caller, fault);
            return;
        }

        await call.HoldAsync(fault.HoldMilliseconds, http.RequestAborted);
        if (fault.AfterExecuting)
        {
            call.Update(e => e with { Stage = McpStage.Answered });
            await http.Response.Body.WriteAsync(unsent.GetBuffer().AsMemory(0, (int)unsent.Length), http.RequestAborted);
        }
        else
        {
            await dispatcher.DispatchAsync(http, message, call, http.Response.Body);
        }
    }

    private void NoteCancellation(JsonRpcMessage message, McpRequest entry)
    {
        if (message is JsonRpcNotification { Method: NotificationMethods.CancelledNotification, Params: { } parameters }
            && parameters["requestId"] is { } id
            && sandbox.Running.Cancel(id.ToString(), entry))
        {
            sandbox.Tally.Cancellation();
        }
    }

    private static void Refuse(HttpContext http, Caller caller)
    {
        http.Response.StatusCode = StatusCodes.Status401Unauthorized;
        http.Response.Headers.WWWAuthenticate = BearerGate.Challenge(caller.Token);
    }

    private static void Fail(HttpContext http, ActiveCall call, Caller caller, McpFault fault)
    {
        if (fault.Kind == McpFaultKind.Abort)
        {
            call.Update(e => e with { Stage = McpStage.Aborted });
            http.Abort();
            return;
        }

        call.Update(e => e with { Stage = McpStage.Faulted });
        http.Response.Headers.Remove("Content-Type");
        switch (fault.Kind)
        {
            case McpFaultKind.Unauthorized:
                Refuse(http, caller);
                break;
            case McpFaultKind.Forbidden:
                http.Response.StatusCode = StatusCodes.Status403Forbidden;
                http.Response.Headers.WWWAuthenticate = "Bearer realm=\"sandbox\", error=\"insufficient_scope\", scope=\"more\"";
                break;
            default:
                http.Response.StatusCode = StatusCodes.Status500InternalServerError;
                break;
        }
    }
}
