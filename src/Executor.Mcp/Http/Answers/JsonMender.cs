using System.Buffers;
using System.Text;
using System.Text.Json;
using System.Text.Unicode;

namespace Executor.Mcp.Http.Answers;

[Flags]
internal enum Repairs
{
    None = 0,

    /// <summary>Text that is not Unicode was replaced by U+FFFD.</summary>
    Text = 1,

    /// <summary>A number that JSON does not have (NaN, Infinity) became null.</summary>
    Numbers = 2,

    /// <summary>What is nested deeper than <see cref="JsonMender.MaxDepth"/> became null.</summary>
    Nesting = 4,

    /// <summary>What stood behind the answer, and was no JSON, was left away.</summary>
    Rest = 8,
}

/// <summary>
/// Makes JSON of what nearly is. The answer to a call that has run cannot be asked for again, so its faults are mended where that is
/// possible. Other languages write half a surrogate pair, NaN or a Latin-1 byte without noticing. Every reader behind this one would
/// refuse the whole document for it.
/// </summary>
internal static class JsonMender
{
    /// <summary>Whoever reads results later must be able to: what the templates of a run read is 512 deep at most.</summary>
    public const int MaxDepth = 500;

    private static readonly JsonReaderOptions Options = new() { MaxDepth = MaxDepth, AllowTrailingCommas = false };

    /// <returns>Null when it is no JSON, nor near it.</returns>
    public static (ReadOnlyMemory<byte> Json, Repairs Repairs)? Mend(ReadOnlyMemory<byte> json)
    {
        // Nearly every answer.
        if (Utf8.IsValid(json.Span) && IsClean(json.Span))
            return (json, Repairs.None);
        var repairs = Repairs.None;
        if (!Utf8.IsValid(json.Span))
        {
            json = Encoding.UTF8.GetBytes(Encoding.UTF8.GetString(json.Span));
            repairs = Repairs.Text;
        }

        var rewriting = new Rewriting(json.Span);
        rewriting.Run();
        var mended = rewriting.Written;
        return IsClean(mended.Span) ? (mended, repairs | rewriting.Repairs) : null;
    }

    /// <summary>The complete values at the beginning of what is no JSON as a whole: languages print warnings behind their answers.</summary>
    public static IEnumerable<(ReadOnlyMemory<byte> Json, Repairs Repairs)> MendBeginning(ReadOnlyMemory<byte> json)
    {
        var values = Beginning(json);
        if (values.Count == 0)
        {
            var rewriting = new Rewriting(json.Span);
            rewriting.Run();
            json = rewriting.Written;
            values = Beginning(json);
        }

        foreach (var value in values)
        {
            if (Mend(json[value]) is { } mended)
                yield return (mended.Json, mended.Repairs | Repairs.Rest);
        }
    }

    private static List<Range> Beginning(ReadOnlyMemory<byte> json)
    {
        var values = new List<Range>();
        var reader = new Utf8JsonReader(json.Span, new JsonReaderOptions { MaxDepth = MaxDepth, AllowMultipleValues = true });
        try
        {
            while (reader.Read())
            {
                var start = (int)reader.TokenStartIndex;
                reader.Skip();
                values.Add(start..(int)reader.BytesConsumed);
            }
        }
        catch (JsonException)
        {
            // Here the rest begins.
        }

        return values;
    }

    private static bool IsClean(ReadOnlySpan<byte> json)
    {
        try
        {
            var reader = new Utf8JsonReader(json, Options);
            while (reader.Read())
            {
                if (reader.TokenType is JsonTokenType.String or JsonTokenType.PropertyName && reader.ValueIsEscaped && HasLoneSurrogate(reader.ValueSpan))
                    return false;
            }

            return true;
        }
        catch (JsonException)
        {
            return false;
        }
    }

    private static bool HasLoneSurrogate(ReadOnlySpan<byte> text)
    {
        for (var i = text.IndexOf((byte)'\\'); i >= 0 && i < text.Length; i++)
        {
            if (text[i] != '\\')
                continue;
            if (Surrogate(text[i..]) is Half.None)
                i++;
            else if (IsPair(text[i..]))
                i += 11;
            else
                return true;
        }

        return false;
    }

    private enum Half
    {
        None,
        High,
        Low,
    }

    /// <param name="text">Begins with a backslash.</param>
    private static Half Surrogate(ReadOnlySpan<byte> text)
    {
        if (text.Length < 6 || text[1] != 'u' || (text[2] | 0x20) != 'd')
            return Half.None;
        return (text[3] | 0x20) switch
        {
            '8' or '9' or 'a' or 'b' => Half.High,
            >= 'c' and <= 'f' => Half.Low,
            _ => Half.None,
        };
    }

    private static bool IsPair(ReadOnlySpan<byte> text) =>
        Surrogate(text) is Half.High && text.Length >= 12 && text[6] == '\\' && Surrogate(text[6..]) is Half.Low;

    /// <summary>Copies byte by byte; understands strings and depth, and leaves all else to the reader that checks its work.</summary>
    private ref struct Rewriting(ReadOnlySpan<byte> json)
    {
        private readonly ReadOnlySpan<byte> _json = json;
        private readonly ArrayBufferWriter<byte> _written = new(Math.Max(json.Length, 256));
        private int _at;
        private int _depth;

        public Repairs Repairs { get; private set; }

        public readonly ReadOnlyMemory<byte> Written => _written.WrittenMemory;

        /// <summary>Too deep: nothing is copied, but it is followed to its end.</summary>
        private readonly bool IsCut => _depth > MaxDepth;

        public void Run()
        {
            while (_at < _json.Length)
            {
                switch (_json[_at])
                {
                    case (byte)'"':
                        String();
                        break;
                    case (byte)'{' or (byte)'[':
                        Open();
                        break;
                    case (byte)'}' or (byte)']':
                        Copy(1);
                        _depth--;
                        break;
                    default:
                        Other();
                        break;
                }
            }
        }

        private void Open()
        {
            if (++_depth == MaxDepth + 1)
            {
                Repairs |= Repairs.Nesting;
                _written.Write("null"u8);
            }

            Copy(1);
        }

        private void Other()
        {
            var rest = _json[_at..];
            foreach (var word in (ReadOnlySpan<string>)["-Infinity", "Infinity", "-NaN", "NaN"])
            {
                if (!Ascii.Equals(rest[..Math.Min(word.Length, rest.Length)], word))
                    continue;
                Repairs |= Repairs.Numbers;
                if (!IsCut)
                    _written.Write("null"u8);
                _at += word.Length;
                return;
            }

            Copy(1);
        }

        private void String()
        {
            Copy(1);
            while (_at < _json.Length && _json[_at] != '"')
            {
                var rest = _json[_at..];
                if (rest[0] < 0x20)
                    Replace(1, $"\\u{rest[0]:x4}");
                else if (rest[0] != '\\')
                    Copy(1);
                else if (Surrogate(rest) is Half.None)
                    Copy(Math.Min(2, rest.Length));
                else if (IsPair(rest))
                    Copy(12);
                else
                    Replace(6, "\\ufffd");
            }

            if (_at < _json.Length)
                Copy(1);
        }

        private void Replace(int count, string with)
        {
            Repairs |= Repairs.Text;
            if (!IsCut)
                _written.Write(Encoding.ASCII.GetBytes(with));
            _at += count;
        }

        private void Copy(int count)
        {
            if (!IsCut)
                _written.Write(_json.Slice(_at, count));
            _at += count;
        }
    }
}
