using System.Net.Http.Headers;
using System.Text;
using System.Text.Unicode;

namespace Executor.Mcp.Http.Answers;

/// <summary>What a server said beside a status other than 2xx. Its words are matched here, once, and are told to nobody.</summary>
/// <param name="Reply">A JSON-RPC error in the body.</param>
/// <param name="IsJson">Its media type is JSON's, or none: an error that names no request is the answer to this one.</param>
/// <param name="SpeaksOfSession">The body says that there is no such session, or that the handshake is missing.</param>
/// <param name="RetryAfter">RFC 9110 §10.2.3.</param>
/// <param name="NeedsScope">RFC 6750 §3.1 <c>insufficient_scope</c>: the token is good but does not allow this.</param>
/// <param name="Scope">The scopes that it names there.</param>
internal sealed record Refusal(RpcReply? Reply, bool IsJson, bool SpeaksOfSession, TimeSpan? RetryAfter, bool NeedsScope, string? Scope)
{
    private const int MaxBytes = 64 * 1024;

    /// <summary>A body that does not come is not waited for: the status says most.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    private static readonly TimeSpan LongestPause = TimeSpan.FromDays(1);

    public static async Task<Refusal> ReadAsync(HttpResponseMessage response, long? request, TimeProvider time, CancellationToken cancellationToken)
    {
        var body = await BodyAsync(response.Content, time, cancellationToken);
        var reply = ErrorIn(body, request);
        var (needsScope, scope) = ScopeChallenge.Read(response.Headers);
        return new Refusal(
            reply,
            response.Content.Headers.ContentType?.MediaType is not { } type || type.EndsWith("json", StringComparison.OrdinalIgnoreCase),
            SessionWords.SpeakOfSession(reply?.Error?.Text ?? Encoding.UTF8.GetString(body.Span)),
            Pause(response.Headers.RetryAfter, time),
            needsScope,
            scope);
    }

    private static RpcReply? ErrorIn(ReadOnlyMemory<byte> body, long? request)
    {
        if (request is not { } id || body.IsEmpty)
            return null;
        return RpcMessage.Read(body).Select(message => message.ReplyTo(id, alone: true)).FirstOrDefault(reply => reply?.Error is not null);
    }

    private static async Task<ReadOnlyMemory<byte>> BodyAsync(HttpContent content, TimeProvider time, CancellationToken cancellationToken)
    {
        var buffer = new byte[4096];
        var length = 0;
        using var limit = new CancellationTokenSource(Patience, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, limit.Token);
        try
        {
            await using var stream = ContentDecoding.Open(await content.ReadAsStreamAsync(either.Token), content.Headers.ContentEncoding);
            while (length < MaxBytes && await stream.ReadAsync(buffer.AsMemory(length), either.Token) is > 0 and var read)
            {
                length += read;
                if (length == buffer.Length)
                    Array.Resize(ref buffer, buffer.Length * 2);
            }
        }
        catch (Exception e) when (e is IOException or HttpRequestException or InvalidDataException or UnknownEncodingException or OperationCanceledException && !cancellationToken.IsCancellationRequested)
        {
            // What has come so far is what there is to look at.
        }

        var body = new ReadOnlyMemory<byte>(buffer, 0, length);
        if (body.Span.StartsWith(Encoding.UTF8.Preamble))
            body = body[3..];
        return Utf8.IsValid(body.Span) || AnswerContent.Charset(content) is not { } charset
            ? body
            : Encoding.UTF8.GetBytes(charset.GetString(body.Span));
    }

    private static TimeSpan? Pause(RetryConditionHeaderValue? header, TimeProvider time)
    {
        var pause = header?.Delta ?? (header?.Date is { } date ? date - time.GetUtcNow() : null);
        return pause is { } asked ? TimeSpan.FromTicks(Math.Clamp(asked.Ticks, 0, LongestPause.Ticks)) : null;
    }
}
