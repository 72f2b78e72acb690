using System.Globalization;
using System.Text.Json;

namespace Executor.Runs.Templates;

/// <summary>A parsed reference, e.g. <c>steps.find.structuredContent.items[0].id</c>: names and indexes, nothing to evaluate.</summary>
internal sealed class TemplatePath
{
    private const int MaxSegments = 64;

    private readonly IReadOnlyList<Segment> _segments;

    private TemplatePath(string text, IReadOnlyList<Segment> segments)
    {
        Text = text;
        _segments = segments;
    }

    /// <summary>As the user wrote it.</summary>
    public string Text { get; }

    /// <summary>As it is quoted to that user.</summary>
    public override string ToString() => Quoted(Text);

    public bool IsInput => _segments[0].Name == "input";

    /// <summary>The step that it refers to; null for the input.</summary>
    public string? Step => IsInput ? null : _segments[1].Name;

    public static TemplatePath Parse(string text)
    {
        var segments = new List<Segment>();
        var at = 0;
        segments.Add(new Segment(ReadName(text, ref at)));
        while (at < text.Length)
        {
            segments.Add(text[at] switch
            {
                '.' => new Segment(ReadName(text, ref at, skip: 1)),
                '[' => ReadBracket(text, ref at),
                _ => throw Malformed(text),
            });
            if (segments.Count > MaxSegments)
                throw Malformed(text);
        }

        var known = segments[0].Name switch
        {
            "input" => true,
            "steps" => segments.Count > 1 && segments[1].Name is not null,
            _ => false,
        };
        return known ? new TemplatePath(text, segments) : throw Malformed(text);
    }

    /// <param name="root">The input, or the result of the step.</param>
    public bool TryFind(JsonElement root, out JsonElement found)
    {
        found = root;
        foreach (var segment in _segments.Skip(IsInput ? 1 : 2))
        {
            if (!segment.TryStep(found, out found))
                return false;
        }

        return true;
    }

    private static string ReadName(string text, ref int at, int skip = 0)
    {
        var start = at + skip;
        at = start;
        while (at < text.Length && IsNameCharacter(text[at]))
            at++;
        return at > start ? text[start..at] : throw Malformed(text);
    }

    /// <summary>Whatever has no meaning of its own may stand in a name unquoted, any script included.</summary>
    private static bool IsNameCharacter(char character) =>
        !char.IsWhiteSpace(character) && !char.IsControl(character) && character is not ('.' or '[' or ']' or '"' or '\'' or '{' or '}' or '\\');

    private static Segment ReadBracket(string text, ref int at)
    {
        at++;
        if (at < text.Length && text[at] is '"' or '\'')
            return ReadQuoted(text, ref at, text[at]);
        var close = text.IndexOf(']', at);
        if (close < 0 || !int.TryParse(text.AsSpan(at, close - at), NumberStyles.None, CultureInfo.InvariantCulture, out var index))
            throw Malformed(text);
        at = close + 1;
        return new Segment(null, index);
    }

    private static Segment ReadQuoted(string text, ref int at, char quote)
    {
        var name = new System.Text.StringBuilder();
        for (at++; at < text.Length && text[at] != quote; at++)
        {
            if (text[at] == '\\' && ++at == text.Length)
                break;
            name.Append(text[at]);
        }

        if (at + 1 >= text.Length || text[at + 1] != ']')
            throw Malformed(text);
        at += 2;
        return new Segment(name.ToString());
    }

    private static TemplateException Malformed(string text) => new(
        $"'{Quoted(text)}' is not a reference: it begins with input or steps.<id> and goes on with .name, [index] or [\"name\"].");

    private static string Quoted(string text) => $"{{{{ {Shortened(text)} }}}}";

    public static string Shortened(string text) => text.Length <= 200 ? text : string.Concat(text.AsSpan(0, 200), "…");

    private readonly record struct Segment(string? Name, int Index = 0)
    {
        public bool TryStep(JsonElement from, out JsonElement to)
        {
            to = default;
            if (Name is not null)
                return from.ValueKind == JsonValueKind.Object && from.TryGetProperty(Name, out to);
            if (from.ValueKind != JsonValueKind.Array || Index >= from.GetArrayLength())
                return false;
            to = from[Index];
            return true;
        }
    }
}
