using System.Text;

namespace Executor.Runs.Templates;

/// <summary>
/// One string of a step's arguments, split into literal text and references. <c>\{{</c> is a literal <c>{{</c>. <c>\\{{</c> is a
/// backslash before a reference. Backslashes elsewhere are themselves.
/// </summary>
internal sealed class TemplateText
{
    private TemplateText(IReadOnlyList<Part> parts) => Parts = parts;

    public IReadOnlyList<Part> Parts { get; }

    /// <summary>The reference that is all there is; it keeps its JSON type.</summary>
    public TemplatePath? Alone => Parts is [{ Path: { } path }] ? path : null;

    public static bool MayRefer(string text) => text.Contains("{{", StringComparison.Ordinal);

    public static TemplateText Parse(string text)
    {
        var parts = new List<Part>();
        var literal = new StringBuilder();
        var at = 0;
        while (text.IndexOf("{{", at, StringComparison.Ordinal) is var open && open >= 0)
        {
            var slashes = 0;
            while (open - slashes > at && slashes < 2 && text[open - 1 - slashes] == '\\')
                slashes++;
            literal.Append(text, at, open - slashes - at);
            at = open + 2;
            if (slashes == 1)
            {
                literal.Append("{{");
                continue;
            }

            literal.Append('\\', slashes / 2);
            Flush(parts, literal);
            parts.Add(new Part(null, ReadReference(text, ref at)));
        }

        literal.Append(text, at, text.Length - at);
        Flush(parts, literal);
        return new TemplateText(parts);
    }

    private static TemplatePath ReadReference(string text, ref int at)
    {
        var close = FindClose(text, at);
        if (close < 0)
            throw new TemplateException($"'{{{{{TemplatePath.Shortened(text[at..])}' has no end. A literal {{{{ is written \\{{{{.");
        var path = TemplatePath.Parse(text[at..close].Trim());
        at = close + 2;
        return path;
    }

    /// <summary>A <c>}}</c> inside a quoted name does not end the reference.</summary>
    private static int FindClose(string text, int at)
    {
        var quote = '\0';
        for (; at < text.Length; at++)
        {
            if (quote != '\0')
            {
                if (text[at] == '\\')
                    at++;
                else if (text[at] == quote)
                    quote = '\0';
            }
            else if (text[at] is '"' or '\'')
            {
                quote = text[at];
            }
            else if (text[at] == '}' && at + 1 < text.Length && text[at + 1] == '}')
            {
                return at;
            }
        }

        return -1;
    }

    private static void Flush(List<Part> parts, StringBuilder literal)
    {
        if (literal.Length == 0)
            return;
        parts.Add(new Part(literal.ToString(), null));
        literal.Clear();
    }

    /// <summary>Either a literal or a reference.</summary>
    public readonly record struct Part(string? Literal, TemplatePath? Path);
}
