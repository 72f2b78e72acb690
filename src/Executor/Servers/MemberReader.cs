using System.Text.Json;

namespace Executor.Servers;

/// <summary>Reads the members of one JSON object of the servers file, and complains of those that nobody asked for.</summary>
internal sealed class MemberReader(JsonElement element, string place, ServersFileReport report, EnvironmentText text)
{
    private readonly HashSet<string> _known = new(StringComparer.Ordinal);

    public string At(string member) => $"{place}.{member}";

    public bool Has(string member) => element.TryGetProperty(member, out _);

    /// <summary>Null when it is absent or wrong; a wrong one is reported.</summary>
    public string? Text(string member)
    {
        _known.Add(member);
        if (!element.TryGetProperty(member, out var value))
            return null;
        if (value.ValueKind != JsonValueKind.String)
        {
            report.Add(At(member), "must be a string.");
            return null;
        }

        return text.TryExpand(value.GetString()!, At(member), report, out var expanded) ? expanded : null;
    }

    public MemberReader? Object(string member) =>
        Element(member, JsonValueKind.Object, "must be an object.") is { } value ? new MemberReader(value, At(member), report, text) : null;

    public IReadOnlyList<string> Texts(string member)
    {
        if (Element(member, JsonValueKind.Array, "must be an array of strings.") is not { } list)
            return [];
        var texts = new List<string>();
        var index = 0;
        foreach (var item in list.EnumerateArray())
        {
            var at = $"{At(member)}[{index++}]";
            if (item.ValueKind != JsonValueKind.String)
                report.Add(at, "must be a string.");
            else if (text.TryExpand(item.GetString()!, at, report, out var expanded))
                texts.Add(expanded);
        }

        return texts;
    }

    public IEnumerable<string> Names() => element.EnumerateObject().Select(member => member.Name);

    /// <summary>Other programs read the same file: what they alone understand is passed over.</summary>
    public void Ignore(params ReadOnlySpan<string> members)
    {
        foreach (var member in members)
            _known.Add(member);
    }

    /// <summary>A misspelt member would silently mean nothing.</summary>
    public void RefuseOthers(string allowed)
    {
        foreach (var member in element.EnumerateObject().Where(m => !_known.Contains(m.Name)))
            report.Add(At(member.Name), $"is not known here; allowed are {allowed}.");
    }

    private JsonElement? Element(string member, JsonValueKind kind, string complaint)
    {
        _known.Add(member);
        if (!element.TryGetProperty(member, out var value))
            return null;
        if (value.ValueKind == kind)
            return value;
        report.Add(At(member), complaint);
        return null;
    }
}
