using System.Globalization;
using System.Text;

namespace Executor.Silo.Telemetry;

/// <summary>What was logged, made safe for a line of text: nothing in a value can end the line, begin another one, or move the cursor.</summary>
internal static class LogText
{
    public static void AppendEscaped(this StringBuilder line, ReadOnlySpan<char> text)
    {
        while (!text.IsEmpty)
        {
            var status = Rune.DecodeFromUtf16(text, out var rune, out var length);
            if (status != System.Buffers.OperationStatus.Done || IsUnsafe(rune))
                Escape(line, rune);
            else
                line.Append(text[..length]);
            text = text[length..];
        }
    }

    /// <summary>Control characters, line and paragraph separators, and what turns the direction of writing.</summary>
    private static bool IsUnsafe(Rune rune) => Rune.GetUnicodeCategory(rune)
        is UnicodeCategory.Control or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator or UnicodeCategory.Format;

    private static void Escape(StringBuilder line, Rune rune)
    {
        switch (rune.Value)
        {
            case '\n':
                line.Append("\\n");
                break;
            case '\r':
                line.Append("\\r");
                break;
            case '\t':
                line.Append("\\t");
                break;
            default:
                line.Append(CultureInfo.InvariantCulture, $"\\u{{{rune.Value:x}}}");
                break;
        }
    }
}
