using System.Net;
using System.Text.Json;

namespace Executor.Mcp.Http;

/// <summary>
/// The message to post, with its length: the SDK's own content is chunked, which some gateways refuse. It also proves whether any of the
/// message was handed to a connection. As long as none was, the server cannot have run anything.
/// </summary>
internal sealed class PostedContent : HttpContent
{
    private readonly byte[] _message;
    private readonly CallScope _scope;

    private PostedContent(byte[] message, CallScope scope)
    {
        _message = message;
        _scope = scope;
        (RequestId, Method) = Read(message);
    }

    /// <summary>Null for what asks for no reply: a notification, or our own reply to the server.</summary>
    public long? RequestId { get; }

    public string? Method { get; }

    public static async Task<PostedContent> FromAsync(HttpContent content, CallScope scope, CancellationToken cancellationToken)
    {
        var posted = new PostedContent(await content.ReadAsByteArrayAsync(cancellationToken), scope);
        posted.Headers.ContentType = content.Headers.ContentType;
        return posted;
    }

    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) =>
        SerializeToStreamAsync(stream, context, CancellationToken.None);

    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context, CancellationToken cancellationToken)
    {
        _scope.Sent = true;
        return stream.WriteAsync(_message, cancellationToken).AsTask();
    }

    protected override bool TryComputeLength(out long length)
    {
        length = _message.Length;
        return true;
    }

    private static (long? Id, string? Method) Read(byte[] message)
    {
        var reader = new Utf8JsonReader(message);
        long? id = null;
        string? method = null;
        reader.Read();
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var isId = reader.ValueTextEquals("id"u8);
            var isMethod = reader.ValueTextEquals("method"u8);
            reader.Read();
            if (isId && reader.TokenType == JsonTokenType.Number)
                id = reader.GetInt64();
            else if (isMethod)
                method = reader.GetString();
            reader.Skip();
        }

        return (method is null ? null : id, method);
    }
}
