using ModelContextProtocol.Protocol;

namespace Executor.Sandbox.Mcp;

/// <summary>Makes the journal's entry of a message.</summary>
internal static class McpRequestReader
{
    public static McpRequest Read(long sequence, DateTimeOffset now, HttpRequest http, JsonRpcMessage message, Caller caller)
    {
        var (method, parameters) = message switch
        {
            JsonRpcRequest request => (request.Method, request.Params),
            JsonRpcNotification notification => (notification.Method, notification.Params),
            _ => ("", null),
        };
        var isCall = method == RequestMethods.ToolsCall;
        return new McpRequest
        {
            Sequence = sequence,
            ReceivedAt = now,
            Method = method,
            Id = (message as JsonRpcRequest)?.Id.ToString(),
            Tool = isCall ? parameters?["name"]?.ToString() : null,
            Arguments = isCall ? parameters?["arguments"]?.DeepClone() : null,
            Meta = parameters?["_meta"]?.DeepClone(),
            ProtocolVersion = Header(http, "Mcp-Protocol-Version") ?? (method == RequestMethods.Initialize ? parameters?["protocolVersion"]?.ToString() : null),
            SessionId = Header(http, McpDispatcher.SessionHeader),
            Token = caller.Token,
            GrantId = caller.GrantId,
            User = caller.User,
        };
    }

    public static string? Header(HttpRequest http, string name) => http.Headers[name].ToString() is { Length: > 0 } value ? value : null;
}
