using System.Globalization;
using System.IO.Compression;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Executor.Sandbox.OAuth;

/// <summary>Writes the token endpoint's answer, well formed or not.</summary>
internal sealed class AnswerWriter(HttpContext http, TimeProvider time, OAuthFault fault, Func<Task> hold)
{
    public const string RedirectTarget = "/oauth/redirected";

    private const string Json = "application/json";

    public Task WriteAsync(Redemption? redemption)
    {
        var usual = redemption is null ? Error("server_error") : Body(redemption);
        if (fault.RetryAfter is not null)
            http.Response.Headers.RetryAfter = fault.RetryAfter;
        return fault.Answer switch
        {
            FaultAnswer.Usual => SendAsync(StatusOf(redemption), Json, usual.ToJsonString()),
            FaultAnswer.Error => SendAsync(fault.Status, Json, Error(fault.ErrorCode ?? "invalid_request").ToJsonString()),
            FaultAnswer.Written => SendWrittenAsync(usual),
            FaultAnswer.StatusOnly => SendAsync(fault.Status, contentType: null, body: ""),
            FaultAnswer.Html => SendAsync(fault.Status, "text/html", "<!doctype html><title>Gateway</title><h1>Something went wrong</h1>"),
            FaultAnswer.TruncatedJson => SendAsync(StatusOf(redemption), Json, Half(usual.ToJsonString())),
            FaultAnswer.MalformedJson => SendAsync(StatusOf(redemption), Json, "{'access_token': " + usual.ToJsonString()),
            FaultAnswer.HugeBody => SendHugeAsync(usual),
            FaultAnswer.SlowBody => SendSlowlyAsync(StatusOf(redemption), usual.ToJsonString()),
            FaultAnswer.Redirect => RedirectAsync(),
            _ => throw new InvalidOperationException($"{fault.Answer} has no answer."),
        };
    }

    private static string Half(string body) => body[..(body.Length / 2)];

    private static JsonObject Error(string code) => new() { ["error"] = code, ["error_description"] = "Answered by the sandbox." };

    private static int StatusOf(Redemption? redemption) => redemption switch
    {
        null => StatusCodes.Status500InternalServerError,
        { Issued: not null } => StatusCodes.Status200OK,
        { Outcome: GrantOutcome.InvalidClient } => StatusCodes.Status401Unauthorized,
        _ => StatusCodes.Status400BadRequest,
    };

    private JsonObject Body(Redemption redemption)
    {
        if (redemption.Issued is not { } issued)
            return Error(JsonNamingPolicy.SnakeCaseLower.ConvertName(redemption.Outcome.ToString()));

        var grant = issued.AccessToken.Grant;
        var body = new JsonObject { ["access_token"] = issued.AccessToken.Value, ["token_type"] = "Bearer" };
        var seconds = Math.Max(0, (long)Math.Ceiling((issued.AccessToken.ExpiresAt - time.GetUtcNow()).TotalSeconds));
        if (grant.Behaviour.ExpiresIn == ExpiresInForm.Number)
            body["expires_in"] = seconds;
        else if (grant.Behaviour.ExpiresIn == ExpiresInForm.Text)
            body["expires_in"] = seconds.ToString(CultureInfo.InvariantCulture);
        if (issued.RefreshToken is { } refresh)
            body["refresh_token"] = refresh.Value;
        if (grant.Scope is { } scope)
            body["scope"] = scope;
        return body;
    }

    private Task SendAsync(int status, string? contentType, string body)
    {
        http.Response.StatusCode = status;
        http.Response.ContentType = contentType;
        // RFC 6749 section 5.2
        if (status == StatusCodes.Status401Unauthorized)
            http.Response.Headers.WWWAuthenticate = "Basic realm=\"sandbox\"";
        // RFC 6749 section 5.1
        http.Response.Headers.CacheControl = "no-store";
        return http.Response.WriteAsync(body, http.RequestAborted);
    }

    private async Task SendWrittenAsync(JsonObject usual)
    {
        var text = fault.Body
            .Replace("{answer}", usual.ToJsonString(), StringComparison.Ordinal)
            .Replace("{access_token}", usual["access_token"]?.ToString(), StringComparison.Ordinal)
            .Replace("{refresh_token}", usual["refresh_token"]?.ToString(), StringComparison.Ordinal);
        var encoding = fault.Charset is null ? null : Encoding.GetEncoding(fault.Charset);
        byte[] bytes = encoding is null ? Encoding.UTF8.GetBytes(text) : [.. encoding.Preamble, .. encoding.GetBytes(text)];
        http.Response.StatusCode = fault.Status;
        http.Response.ContentType = fault.ContentType.Length > 0 ? fault.ContentType : null;
        if (fault is { Coding: { } coding, HidesCoding: false })
            http.Response.Headers.ContentEncoding = coding == "raw-deflate" ? "deflate" : coding;
        await http.Response.Body.WriteAsync(Compress(bytes), http.RequestAborted);
    }

    private byte[] Compress(byte[] bytes)
    {
        using var compressed = new MemoryStream();
        Stream? stream = fault.Coding switch
        {
            "gzip" => new GZipStream(compressed, CompressionLevel.Fastest),
            "br" => new BrotliStream(compressed, CompressionLevel.Fastest),
            "deflate" => new ZLibStream(compressed, CompressionLevel.Fastest),
            "raw-deflate" => new DeflateStream(compressed, CompressionLevel.Fastest),
            _ => null,
        };
        if (stream is null)
            return bytes;
        using (stream)
            stream.Write(bytes);
        return compressed.ToArray();
    }

    private Task RedirectAsync()
    {
        http.Response.StatusCode = fault.Status;
        http.Response.Headers.Location = RedirectTarget;
        return Task.CompletedTask;
    }

    private async Task SendSlowlyAsync(int status, string body)
    {
        var half = Half(body);
        await SendAsync(status, Json, half);
        await http.Response.Body.FlushAsync(http.RequestAborted);
        await hold();
        await http.Response.WriteAsync(body[half.Length..], http.RequestAborted);
    }

    private async Task SendHugeAsync(JsonObject body)
    {
        // Valid JSON to the end: only its size is wrong.
        var start = body.ToJsonString()[..^1];
        await SendAsync(StatusCodes.Status200OK, Json, start + ",\"padding\":\"");
        var block = new string('x', 64 * 1024);
        for (var left = fault.Bytes; left > 0; left -= block.Length)
            await http.Response.WriteAsync(left < block.Length ? block[..left] : block, http.RequestAborted);
        await http.Response.WriteAsync("\"}", http.RequestAborted);
    }
}
