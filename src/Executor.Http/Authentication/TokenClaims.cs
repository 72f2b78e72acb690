using System.Text.Json;
using Executor.Identity;

namespace Executor.Http.Authentication;

/// <summary>What a token says, read strictly: a second <c>id</c> or an <c>exp</c> that is no number makes the whole token worthless.</summary>
internal readonly record struct TokenClaims(DateTimeOffset ExpiresAt, DateTimeOffset NotBefore, UserId User, string? UserError)
{
    private static readonly JsonDocumentOptions Strict = new() { AllowDuplicateProperties = false, MaxDepth = 16 };

    /// <summary>RFC 7515: only HS256, and no extension that has to be understood (<c>crit</c>).</summary>
    public static bool IsAcceptedHeader(ReadOnlyMemory<byte> json)
    {
        using var header = Parse(json);
        return header?.RootElement is { ValueKind: JsonValueKind.Object } root
            && root.TryGetProperty("alg", out var alg)
            && alg.ValueKind == JsonValueKind.String
            && alg.ValueEquals("HS256"u8)
            && !root.TryGetProperty("crit", out _);
    }

    public static TokenClaims? Read(ReadOnlyMemory<byte> json)
    {
        using var payload = Parse(json);
        if (payload?.RootElement is not { ValueKind: JsonValueKind.Object } root)
            return null;
        if (!root.TryGetProperty("exp", out var exp) || ReadTime(exp) is not { } expiresAt)
            return null;
        var notBefore = DateTimeOffset.MinValue;
        if (root.TryGetProperty("nbf", out var nbf))
        {
            if (ReadTime(nbf) is not { } time)
                return null;
            notBefore = time;
        }

        var user = ReadUser(root, out var error);
        return new TokenClaims(expiresAt, notBefore, user, error);
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
