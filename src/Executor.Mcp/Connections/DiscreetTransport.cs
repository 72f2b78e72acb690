using System.Diagnostics;
using System.Text.Json.Nodes;
using System.Threading.Channels;
using Executor.Security.Endpoints;
using ModelContextProtocol.Client;
using ModelContextProtocol.Protocol;

namespace Executor.Mcp.Connections;

/// <summary>
/// Takes out of each message's <c>_meta</c> what the SDK writes there of the current trace. With a listener to its spans the SDK writes
/// all of it, state and baggage included. <see cref="OutgoingTrace"/> says what may be told.
/// </summary>
internal sealed class DiscreetTransport(IClientTransport inner, OutgoingTrace trace) : IClientTransport
{
    private static readonly string[] TraceContext = [OutgoingTrace.Traceparent, "tracestate", "baggage"];

    public string Name => inner.Name;

    public async Task<ITransport> ConnectAsync(CancellationToken cancellationToken = default) =>
        new Session(await inner.ConnectAsync(cancellationToken), trace);

    private sealed class Session(ITransport inner, OutgoingTrace trace) : ITransport
    {
        public string? SessionId => inner.SessionId;

        public ChannelReader<JsonRpcMessage> MessageReader => inner.MessageReader;

        public Task SendMessageAsync(JsonRpcMessage message, CancellationToken cancellationToken = default)
        {
            var parameters = message switch
            {
                JsonRpcRequest request => request.Params,
                JsonRpcNotification notification => notification.Params,
                _ => null,
            };
            if (parameters is JsonObject members && members["_meta"] is JsonObject meta)
            {
                foreach (var name in TraceContext)
                    meta.Remove(name);
                if (trace.ParentOf(Activity.Current) is { } parent)
                    meta[OutgoingTrace.Traceparent] = parent;
            }

            return inner.SendMessageAsync(message, cancellationToken);
        }

        public ValueTask DisposeAsync() => inner.DisposeAsync();
    }
}
