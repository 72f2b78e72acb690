using System.Globalization;
using System.Net;
using System.Text.Json;

namespace Executor.Credentials.Refresh;

/// <summary>
/// Says what a complete answer means for the refresh token. Nothing of what the server wrote goes further than the tokens: an error's
/// description may quote the request.
/// </summary>
internal static class AnswerReader
{
    // RFC 6749 §5.2 and §4.1.2.1: the server looked at the request and refused it without touching the token.
    private static readonly string[] Harmless =
    [
        "invalid_request", "invalid_scope", "unsupported_grant_type", "unsupported_response_type", "access_denied",
        "temporarily_unavailable", "invalid_target", "slow_down",
    ];

    public static RefreshAnswer Read(HttpStatusCode status, ReadOnlyMemory<byte> body, TimeSpan? retryAfter)
    {
        var answer = Parse(body);
        if (answer is { Error: { } error } && Refusal(error) is { } reason)
            return new RefreshAnswer.Refused(reason); // some say so with 200, some with 500
        switch (status)
        {
            case (HttpStatusCode)425 or HttpStatusCode.TooManyRequests:
                return new RefreshAnswer.NotSpent(retryAfter);
            case HttpStatusCode.RequestTimeout or HttpStatusCode.BadGateway or HttpStatusCode.GatewayTimeout:
                return new RefreshAnswer.InDoubt(Answered: false, retryAfter); // a proxy spoke: the server behind may still be at it
            case >= HttpStatusCode.InternalServerError:
                return new RefreshAnswer.InDoubt(Answered: true, retryAfter);
        }

        if (answer?.Error is { } code)
            return Harmless.Contains(code) ? new RefreshAnswer.NotSpent(retryAfter) : new RefreshAnswer.InDoubt(Answered: true, retryAfter);
        return (int)status is >= 200 and < 300 && answer?.Granted is { } granted
            ? granted
            : new RefreshAnswer.InDoubt(Answered: true, retryAfter);
    }

    private static CredentialReason? Refusal(string error) => error switch
    {
        "invalid_grant" => CredentialReason.Revoked,
        "bad_refresh_token" => CredentialReason.Revoked, // GitHub's word, with HTTP 200
        "invalid_refresh_token" or "token_revoked" => CredentialReason.Revoked, // Slack's
        "invalid_client" or "incorrect_client_credentials" => CredentialReason.InvalidClient, // the second is GitHub's
        "unauthorized_client" => CredentialReason.UnauthorizedClient,
        _ => null,
    };

    private static Parsed? Parse(ReadOnlyMemory<byte> body)
    {
        try
        {
            using var document = JsonDocument.Parse(body, new JsonDocumentOptions { MaxDepth = 64 });
            var root = document.RootElement;
            if (root.ValueKind != JsonValueKind.Object)
                return null;
            if (root.TryGetProperty("error", out var error) && error.ValueKind is not (JsonValueKind.Null or JsonValueKind.False))
                return new Parsed(error.ValueKind == JsonValueKind.String ? error.GetString()! : "unknown", null);
            return new Parsed(null, Grant(root));
        }
        catch (JsonException)
        {
            return null; // HTML, truncated, nothing: in doubt, as its caller says
        }
        catch (InvalidOperationException)
        {
            return null; // a string with a lone surrogate
        }
    }

    private static RefreshAnswer.Granted? Grant(JsonElement root)
    {
        if (Text(root, "access_token") is not { } access || !IsVschar(access))
            return null;
        var refresh = Text(root, "refresh_token") is { } token ? new RefreshToken(token) : (RefreshToken?)null;
        return new RefreshAnswer.Granted(new AccessToken(access), refresh, Lifetime(root));
    }

    private static string? Text(JsonElement root, string name) =>
        root.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String && value.GetString() is { Length: > 0 } text
            ? text
            : null;

    // RFC 6749 A.12. Anything else could not be sent as a bearer token, or would add header lines.
    private static bool IsVschar(string token) => token.All(c => c is >= '!' and <= '~');

    private static TimeSpan? Lifetime(JsonElement root)
    {
        if (!root.TryGetProperty("expires_in", out var value))
            return null;
        var seconds = value.ValueKind switch
        {
            JsonValueKind.Number when value.TryGetDouble(out var number) => number,
            JsonValueKind.String when long.TryParse(
                value.GetString(), NumberStyles.None, CultureInfo.InvariantCulture, out var digits) => digits,
            _ => 0d,
        };
        return seconds >= 1 ? TimeSpan.FromSeconds(Math.Min(seconds, int.MaxValue)) : null;
    }

    private sealed record Parsed(string? Error, RefreshAnswer.Granted? Granted);
}
