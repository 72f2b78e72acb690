using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Executor.Mcp.Http;
using Executor.Mcp.Http.Answers;
using ModelContextProtocol.Protocol;

namespace Executor.Mcp.Connections;

/// <summary>
/// Answers what a server says on its own stream. A request gets its answer at once, since a tool waits for it. A ping is answered. All
/// else is a method that this client does not have: it announced no capabilities. Of notifications only progress is of use here.
/// </summary>
internal sealed class ServerRequests(PooledConnection connection, Func<CallScope> scope, HttpClient http, McpOptions options, TimeProvider time)
{
    /// <param name="addressed">Puts the session's headers on a request.</param>
    public async Task HandleAsync(string text, Func<HttpMethod, HttpRequestMessage> addressed, CancellationToken cancellationToken)
    {
        foreach (var message in RpcMessage.Read(Encoding.UTF8.GetBytes(text)).Select(message => message.Json))
        {
            if (!message.TryGetProperty("method", out var method) || method.ValueKind != JsonValueKind.String)
                continue;
            if (message.TryGetProperty("id", out var id) && id.ValueKind is JsonValueKind.String or JsonValueKind.Number)
            {
                // Pings come on an idle stream as well.
                var isPing = method.ValueEquals(RequestMethods.Ping);
                if (!isPing)
                    connection.Progress.Ask();
                await AnswerAsync(addressed(HttpMethod.Post), Answer(id, isPing), cancellationToken);
            }
            else if (method.ValueEquals(NotificationMethods.ProgressNotification) && message.TryGetProperty("params", out var parameters))
                connection.Progress.Receive(parameters);
        }
    }

    private static JsonObject Answer(JsonElement id, bool isPing)
    {
        var answer = new JsonObject { ["jsonrpc"] = "2.0", ["id"] = JsonValue.Create(id) };
        if (isPing)
            answer["result"] = new JsonObject();
        else
            answer["error"] = new JsonObject { ["code"] = -32601, ["message"] = "Not supported." };
        return answer;
    }

    private async Task AnswerAsync(HttpRequestMessage request, JsonObject answer, CancellationToken cancellationToken)
    {
        using var limit = new CancellationTokenSource(options.CancelTimeout, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, limit.Token);
        var answering = scope();
        answering.Enter();
        try
        {
            using (request)
            {
                request.Headers.Accept.ParseAdd("application/json");
                request.Headers.Accept.ParseAdd("text/event-stream");
                request.Content = new ByteArrayContent(JsonSerializer.SerializeToUtf8Bytes(answer));
                request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
                using var response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, either.Token);
            }
        }
        catch (Exception e) when (!cancellationToken.IsCancellationRequested && Calls.Failures.IsUpstream(e, answering))
        {
            // The tool waits in vain, as far as its time-out goes; the next question may be answered.
        }
    }
}
