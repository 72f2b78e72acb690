using System.Buffers;
using System.Text.Json;
using Executor.Identity;

namespace Executor.Http.Bodies;

/// <summary>
/// Reads one object of a body strictly. Members that are not known are refused, null stands for nothing, and every mistake is noted with
/// its path. After any mistake the values returned are placeholders, not to be used.
/// </summary>
internal readonly struct JsonObject
{
    private static readonly SearchValues<char> NameCharacters =
        SearchValues.Create("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-");

    private readonly JsonElement _element;
    private readonly string _path;
    private readonly BodyIssues _issues;

    public JsonObject(JsonElement element, string path, BodyIssues issues, params ReadOnlySpan<string> members)
    {
        _element = element;
        _path = path;
        _issues = issues;
        if (element.ValueKind != JsonValueKind.Object)
        {
            issues.Add(path, "must be an object");
            return;
        }

        foreach (var property in element.EnumerateObject())
        {
            if (!members.Contains(property.Name))
                issues.Add(path, IsQuotable(property.Name) ? $"has a member that is not known, '{property.Name}'" : "has a member that is not known");
        }
    }

    public string PathOf(string member) => _path.Length == 0 ? member : $"{_path}.{member}";

    public void Refuse(string member, string message) => _issues.Add(PathOf(member), message);

    public bool Has(string member) => TryGet(member, out _);

    public string Text(string member, int maxLength, int minLength = 1)
    {
        var text = OptionalText(member, maxLength, minLength);
        if (text is null && !Has(member))
            Refuse(member, "is required");
        return text ?? "";
    }

    public string? OptionalText(string member, int maxLength, int minLength = 1)
    {
        if (!TryGet(member, out var value))
            return null;
        if (value.ValueKind != JsonValueKind.String)
        {
            Refuse(member, "must be a string");
            return null;
        }

        var text = value.GetString()!;
        if (text.Length < minLength || text.Length > maxLength)
            Refuse(member, $"must have {minLength} to {maxLength} characters");
        else if (!WellFormed.Text(text))
            Refuse(member, "must not contain control characters");
        else
            return text;
        return null;
    }

    public McpServerId ServerId(string member) =>
        McpServerId.TryParse(Text(member, McpServerId.MaxLength), out var id) ? id : default;

    /// <summary>The value that goes with the word; <paramref name="absent"/> where the member is absent or wrong.</summary>
    public T Word<T>(string member, T absent, params ReadOnlySpan<(string Word, T Value)> words)
    {
        if (!TryGet(member, out var value))
            return absent;
        foreach (var (word, result) in words)
        {
            if (value.ValueKind == JsonValueKind.String && value.ValueEquals(word))
                return result;
        }

        var allowed = new List<string>();
        foreach (var (word, _) in words)
            allowed.Add($"'{word}'");
        Refuse(member, $"must be {string.Join(" or ", allowed)}");
        return absent;
    }

    public int? OptionalInteger(string member, int minimum, int maximum)
    {
        if (!TryGet(member, out var value))
            return null;
        if (value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out var number) && number >= minimum && number <= maximum)
            return number;
        Refuse(member, $"must be an integer from {minimum} to {maximum}");
        return null;
    }

    /// <summary>A name of ASCII letters, digits, '_' and '-'.</summary>
    public string Name(string member, int maxLength)
    {
        var name = Text(member, maxLength);
        if (name.AsSpan().ContainsAnyExcept(NameCharacters))
            Refuse(member, "must consist of letters, digits, '_' and '-'");
        return name;
    }

    /// <summary>An object, as JSON; an empty one where the member is absent.</summary>
    public string ObjectText(string member)
    {
        if (!TryGet(member, out var value))
            return "{}";
        if (value.ValueKind == JsonValueKind.Object)
            return value.GetRawText();
        Refuse(member, "must be an object");
        return "{}";
    }

    public bool TryGet(string member, out JsonElement value)
    {
        value = default;
        return _element.ValueKind == JsonValueKind.Object && _element.TryGetProperty(member, out value);
    }

    /// <summary>Short and plain enough to be a misspelt name rather than a misplaced value.</summary>
    private static bool IsQuotable(string name) =>
        name.Length is > 0 and <= 40 && !name.AsSpan().ContainsAnyExcept(NameCharacters);
}
