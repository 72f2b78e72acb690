using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using Executor.Http.Problems;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;
using Microsoft.Net.Http.Headers;

namespace Executor.Http.Bodies;

/// <summary>A body that is certainly well-formed JSON. Its bytes may hold secrets and are wiped when it is disposed of.</summary>
internal sealed class JsonBody : IDisposable
{
    public const int MaxBytes = 1024 * 1024;
    public const int MaxDepth = 64;

    private static readonly JsonDocumentOptions Strict = new() { AllowDuplicateProperties = false, MaxDepth = MaxDepth };

    private readonly byte[] _buffer;
    private readonly JsonDocument _document;

    private JsonBody(byte[] buffer, JsonDocument document)
    {
        _buffer = buffer;
        _document = document;
    }

    public JsonElement Root => _document.RootElement;

    /// <summary>Whether the request says that it has a body at all.</summary>
    public static bool IsPresent(HttpRequest request) =>
        request.ContentLength > 0 || (request.ContentLength is null && request.Headers.TransferEncoding.Count > 0);

    public static async ValueTask<JsonBodyOutcome> ReadAsync(HttpRequest request)
    {
        if (!IsJson(request, out var charset))
            return new(null, BodyIssues.Single("", "must be JSON, sent as application/json in UTF-8"));
        if (!charset.Equals("utf-8", StringComparison.OrdinalIgnoreCase))
            return new(null, Problem.UnsupportedCharset());
        if (request.ContentLength > MaxBytes)
            return new(null, Problem.ForStatus(StatusCodes.Status413PayloadTooLarge));
        var (buffer, length) = await ReadAllAsync(request);
        if (length > MaxBytes)
        {
            Release(buffer);
            return new(null, Problem.ForStatus(StatusCodes.Status413PayloadTooLarge));
        }

        if (Parse(buffer.AsMemory(0, length)) is { } document)
            return new(new JsonBody(buffer, document), null);
        Release(buffer);
        return new(null, BodyIssues.Single("", "is not well-formed JSON, repeats a member, is nested too deeply, or holds text that is not valid Unicode"));
    }

    public void Dispose()
    {
        _document.Dispose();
        Release(_buffer);
    }

    private static void Release(byte[] buffer) => ArrayPool<byte>.Shared.Return(buffer, clearArray: true);

    /// <param name="charset">
    /// By the one name that IANA has for it; a parameter's value may stand in quotes (RFC 9110 §5.6.6). Where none is said, JSON is UTF-8
    /// (RFC 8259 §8.1). Empty where two are said.
    /// </param>
    private static bool IsJson(HttpRequest request, out StringSegment charset)
    {
        charset = "utf-8";
        if (!MediaTypeHeaderValue.TryParse(request.ContentType, out var type)
            || !type.MediaType.Equals("application/json", StringComparison.OrdinalIgnoreCase)
            || request.Headers.ContentEncoding.Count > 0)
        {
            return false;
        }

        var named = type.Parameters.Where(parameter => parameter.Name.Equals("charset", StringComparison.OrdinalIgnoreCase)).ToList();
        if (named.Count > 0)
            charset = named.Count == 1 ? HeaderUtilities.UnescapeAsQuotedString(named[0].Value) : "";
        return true;
    }

    /// <summary>Reads one byte more than is allowed at most: how a chunked body shows that it is too large.</summary>
    private static async ValueTask<(byte[] Buffer, int Length)> ReadAllAsync(HttpRequest request)
    {
        var buffer = ArrayPool<byte>.Shared.Rent((int)(request.ContentLength ?? 4096) + 1);
        var length = 0;
        try
        {
            while (length <= MaxBytes)
            {
                if (length == buffer.Length)
                    buffer = Grow(buffer);
                var read = await request.Body.ReadAsync(buffer.AsMemory(length), request.HttpContext.RequestAborted);
                if (read == 0)
                    break;
                length += read;
            }

            return (buffer, length);
        }
        catch (Exception fault)
        {
            Release(buffer);

            // A chunk's size beyond all numbers; a connection that was reset. The server calls only the other mistakes bad requests.
            if (fault is IOException and not BadHttpRequestException)
                throw new BadHttpRequestException("The body ended badly.", StatusCodes.Status400BadRequest, fault);
            throw;
        }
    }

    private static byte[] Grow(byte[] buffer)
    {
        var larger = ArrayPool<byte>.Shared.Rent(buffer.Length * 2);
        buffer.CopyTo(larger, 0);
        Release(buffer);
        return larger;
    }

    private static JsonDocument? Parse(ReadOnlyMemory<byte> json)
    {
        try
        {
            return JsonText.IsClean(json.Span, MaxDepth) ? JsonDocument.Parse(json, Strict) : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }
}

internal readonly record struct JsonBodyOutcome(JsonBody? Body, Problem? Refusal)
{
    public bool IsRefused([NotNullWhen(true)] out Problem? refusal, [NotNullWhen(false)] out JsonBody? body)
    {
        refusal = Refusal;
        body = Body;
        return refusal is not null;
    }
}
