using System.Text;
using System.Text.Json;

namespace Executor.Credentials.Refresh;

/// <summary>
/// An answer's members, whatever their form. A member whose text is not valid Unicode is as good as absent, and spoils no other one.
/// </summary>
internal sealed class AnswerBody : IDisposable
{
    private static readonly JsonReaderOptions _json = new()
    {
        AllowTrailingCommas = true,
        CommentHandling = JsonCommentHandling.Skip,
        MaxDepth = 4096, // what is nested so deep is not what is looked for
    };

    private readonly JsonDocument _document;

    private AnswerBody(JsonDocument document) => _document = document;

    public AnswerMembers Root => new(_document.RootElement);

    /// <summary>The first JSON object, whatever comes after it; null when there is none that is complete.</summary>
    public static AnswerBody? FromJson(ReadOnlySpan<byte> text)
    {
        try
        {
            var reader = new Utf8JsonReader(text, _json);
            if (!JsonDocument.TryParseValue(ref reader, out var document))
                return null;
            if (document.RootElement.ValueKind == JsonValueKind.Object)
                return new AnswerBody(document);
            document.Dispose();
            return null;
        }
        catch (JsonException)
        {
            return null; // HTML, truncated, nothing
        }
    }

    /// <summary>A form, which GitHub answers with by default; null when it is none that says something of a token or an error.</summary>
    public static AnswerBody? FromForm(ReadOnlySpan<byte> text)
    {
        if (text.IsEmpty || text.ContainsAnyInRange((byte)0x80, (byte)0xFF) || text.IndexOfAny("<{[\""u8) >= 0)
            return null;
        var members = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var pair in Encoding.ASCII.GetString(text).Trim().Split('&'))
        {
            var (name, value) = pair.IndexOf('=', StringComparison.Ordinal) is var at and >= 0 ? (pair[..at], pair[(at + 1)..]) : (pair, "");
            members[Unescape(name)] = Unescape(value);
        }

        return members.ContainsKey("access_token") || members.ContainsKey("error")
            ? new AnswerBody(JsonSerializer.SerializeToDocument(members))
            : null;
    }

    public void Dispose() => _document.Dispose();

    private static string Unescape(string text) => Uri.UnescapeDataString(text.Replace('+', ' '));
}

/// <summary>The members of one object. Of two with one name the last counts.</summary>
internal readonly struct AnswerMembers(JsonElement element)
{
    public JsonElement? this[string name]
    {
        get
        {
            JsonElement? found = null;
            foreach (var member in element.EnumerateObject())
            {
                if (IsNamed(member, name))
                    found = member.Value;
            }

            return found;
        }
    }

    /// <summary>Null when it is empty, no string or not valid Unicode.</summary>
    public string? Text(string name) => this[name] is { } value ? Text(value) : null;

    public AnswerMembers? Object(string name) => this[name] is { ValueKind: JsonValueKind.Object } value ? new AnswerMembers(value) : null;

    public static string? Text(JsonElement value)
    {
        try
        {
            return value.ValueKind == JsonValueKind.String && value.GetString() is { Length: > 0 } text ? text : null;
        }
        catch (InvalidOperationException)
        {
            return null; // half a surrogate pair, or broken UTF-8
        }
    }

    private static bool IsNamed(JsonProperty member, string name)
    {
        try
        {
            return member.NameEquals(name);
        }
        catch (InvalidOperationException)
        {
            return false;
        }
    }
}
