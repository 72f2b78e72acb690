using System.Net;
using System.Text.Json;
using Executor.Mcp.Http.Answers;
using ModelContextProtocol;

namespace Executor.Mcp.Http;

/// <summary>
/// When a server's answer to <c>server/discover</c> means that it speaks the versions with a handshake. The SDK takes 400 and 404 for it.
/// Servers, and the gateways before them, turn an unknown method away in other ways too. The handshake asks again with the same token, so
/// a fault of the token shows there.
/// </summary>
internal static class OlderHandshake
{
    public static readonly RpcError NoDiscovery = new((int)McpErrorCode.MethodNotFound, "", default, true);

    /// <summary>Whether an answer that refuses a message of the newest version is one that a server of an older version gives.</summary>
    public static bool IsAskedFor(HttpStatusCode status, RpcError? error) => (int)status switch
    {
        // Passing, or about the caller: the handshake would meet the same.
        429 or 502 or 503 or 504 => false,
        // About the token, unless it comes from behind the gate: from a server that knows JSON-RPC and not the method.
        401 or 403 => error is not null,
        400 or 404 or 405 or 406 or 409 or 410 or 412 or 415 or 417 or 422 or 426 or 501 => true,
        500 => error is not null,
        _ => false,
    };

    public static bool IsDiscovery(JsonElement result) =>
        result.ValueKind == JsonValueKind.Object
        && result.TryGetProperty("supportedVersions", out var versions)
        && versions.ValueKind == JsonValueKind.Array;

    /// <summary>Makes of a refusal what the SDK acts upon.</summary>
    public static void Prompt(HttpResponseMessage response, CallScope scope)
    {
        if (scope.Reply?.Error is { } error && (McpErrorCode)error.Code is McpErrorCode.UnsupportedProtocolVersion
            or McpErrorCode.MissingRequiredClientCapability or McpErrorCode.HeaderMismatch)
        {
            response.Content = new ByteArrayContent(Message(scope.Request ?? 0, error));
            response.Content.Headers.ContentType = new("application/json");
        }
        else if (scope.IsProbe && IsAskedFor(response.StatusCode, scope.Reply?.Error))
        {
            response.StatusCode = HttpStatusCode.BadRequest;
        }
    }

    private static byte[] Message(long id, RpcError error)
    {
        var buffer = new MemoryStream();
        using (var writer = new Utf8JsonWriter(buffer))
        {
            writer.WriteStartObject();
            writer.WriteString("jsonrpc", "2.0");
            writer.WriteNumber("id", id);
            error.WriteTo(writer);
            writer.WriteEndObject();
        }

        return buffer.ToArray();
    }
}
