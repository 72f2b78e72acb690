using System.Text.Json;
using Executor.Identity;

namespace Executor.Http.Authentication;

/// <summary>What a token says, read strictly: a second <c>id</c> or an <c>exp</c> that is no number makes the whole token worthless.</summary>
/// <param name="NotBefore">The later of <c>nbf</c> and <c>iat</c>: a token is not used before it was made.</param>
internal readonly record struct TokenClaims(DateTimeOffset ExpiresAt, DateTimeOffset NotBefore, UserId User, string? UserError)
{
    /// <summary>RFC 7519 §4.1.4 and §4.1.5: how far an issuer's clock and this one may be apart.</summary>
    public static readonly TimeSpan Leeway = TimeSpan.FromSeconds(60);

    private static readonly JsonDocumentOptions Strict = new() { AllowDuplicateProperties = false, MaxDepth = 16 };

    /// <summary>RFC 7515: only HS256, and no extension that has to be understood (<c>crit</c>).</summary>
    /// <returns>Null when it is accepted.</returns>
    public static TokenRefusal? CheckHeader(ReadOnlyMemory<byte> json)
    {
        using var header = Parse(json);
        if (header?.RootElement is not { ValueKind: JsonValueKind.Object } root)
            return TokenRefusal.Malformed;
        var isAccepted = root.TryGetProperty("alg", out var alg)
            && alg.ValueKind == JsonValueKind.String
            && TryGetText(alg, out var name)
            && name == "HS256"
            && !root.TryGetProperty("crit", out _);
        return isAccepted ? null : TokenRefusal.WrongAlgorithm;
    }

    public static TokenRefusal? Read(ReadOnlyMemory<byte> json, out TokenClaims claims)
    {
        claims = default;
        using var payload = Parse(json);
        if (payload?.RootElement is not { ValueKind: JsonValueKind.Object } root)
            return TokenRefusal.Malformed;
        if (!root.TryGetProperty("exp", out var exp) || ReadTime(exp) is not { } expiresAt)
            return TokenRefusal.NoExpiry;
        var notBefore = DateTimeOffset.MinValue;
        foreach (var claim in new[] { "nbf", "iat" })
        {
            if (!root.TryGetProperty(claim, out var value))
                continue;
            if (ReadTime(value) is not { } time)
                return TokenRefusal.UnreadableTime;
            notBefore = time > notBefore ? time : notBefore;
        }

        var user = ReadUser(root, out var error);
        claims = new TokenClaims(expiresAt, notBefore, user, error);
        return null;
    }

    /// <summary>RFC 7519 §2: NumericDate may have a fraction.</summary>
    private static DateTimeOffset? ReadTime(JsonElement value)
    {
        if (value.ValueKind != JsonValueKind.Number || !value.TryGetDouble(out var seconds))
            return null;
        const double Latest = 253_402_300_799;
        return seconds is >= 0 and <= Latest ? DateTimeOffset.UnixEpoch.AddSeconds(seconds) : null;
    }

    private static UserId ReadUser(JsonElement root, out string? error)
    {
        UserId user = default;
        if (!root.TryGetProperty("id", out var id))
            error = "missing";
        else if (id.ValueKind is not (JsonValueKind.String or JsonValueKind.Number))
            error = "invalid_type";
        else if (id.ValueKind == JsonValueKind.String)
            error = TryGetText(id, out var text) && UserId.TryParse(text, out user) ? null : "invalid_value";
        else
            // The digits as written: 1.0 and 1e3 are numbers, but no integers.
            error = UserId.TryParse(id.GetRawText(), out user) ? null : "invalid_value";
        return user;
    }

    private static bool TryGetText(JsonElement value, out string? text)
    {
        text = null;
        try
        {
            text = value.GetString();
            return true;
        }
        catch (InvalidOperationException)
        {
            // A lone surrogate or broken UTF-8.
            return false;
        }
    }

    private static JsonDocument? Parse(ReadOnlyMemory<byte> json)
    {
        try
        {
            return JsonDocument.Parse(json, Strict);
        }
        catch (Exception malformed) when (malformed is JsonException or InvalidOperationException)
        {
            return null;
        }
    }
}
