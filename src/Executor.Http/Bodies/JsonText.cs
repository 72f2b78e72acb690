using System.Text;
using System.Text.Json;
using System.Text.Unicode;

namespace Executor.Http.Bodies;

/// <summary>
/// What the JSON parser lets through and a database does not. That is broken UTF-8, lone surrogates written as escapes, NUL, and numbers
/// beyond what IEEE 754 holds (RFC 8259 §6).
/// </summary>
internal static class JsonText
{
    public static bool IsClean(ReadOnlySpan<byte> json, int maxDepth)
    {
        if (!Utf8.IsValid(json))
            return false;
        var reader = new Utf8JsonReader(json, new JsonReaderOptions { MaxDepth = maxDepth });
        while (reader.Read())
        {
            var clean = reader.TokenType switch
            {
                JsonTokenType.String or JsonTokenType.PropertyName => !reader.ValueIsEscaped || IsCleanEscaped(ref reader),
                JsonTokenType.Number => reader.TryGetDouble(out var number) && double.IsFinite(number),
                _ => true,
            };
            if (!clean)
                return false;
        }

        return true;
    }

    private static bool IsCleanEscaped(ref Utf8JsonReader reader)
    {
        try
        {
            return !reader.GetString()!.Contains('\0');
        }
        catch (Exception malformed) when (malformed is InvalidOperationException or DecoderFallbackException)
        {
            // How the reader reports a lone surrogate.
            return false;
        }
    }
}
