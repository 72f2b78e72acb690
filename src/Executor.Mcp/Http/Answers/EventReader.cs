using System.Text;
using System.Text.Unicode;

namespace Executor.Mcp.Http.Answers;

/// <summary>What stands between two blank lines of an event stream, or a whole body of JSON.</summary>
/// <param name="Fields">The lines that say where to resume and when, as they came.</param>
/// <param name="IsWhole">The one message of its answer, which needs no id to belong to the request.</param>
internal readonly record struct AnswerEvent(string Fields, ReadOnlyMemory<byte> Data, bool IsWhole);

/// <summary>
/// Reads an answer by what it holds, and not by what its headers call it. Servers leave <c>Content-Type</c> out, or put JSON under the
/// name of an event stream and the other way round. An object or an array is JSON. All else is an event stream (HTML Living Standard,
/// §9.2.6), and one without events is no answer.
/// </summary>
/// <param name="charset">Of the body, where its headers name one that is known.</param>
internal sealed class EventReader(Stream stream, Encoding? charset)
{
    private Encoding? _charset = charset;
    private byte[] _buffer = new byte[4096];
    private int _start;
    private int _end;
    private bool _begun;
    private bool _ended;
    private bool _isWhole;
    private bool _skipLineFeed;

    /// <returns>Null at the end.</returns>
    public async ValueTask<AnswerEvent?> ReadAsync(CancellationToken cancellationToken)
    {
        if (!_begun)
        {
            _begun = true;
            await BeginAsync(cancellationToken);
        }

        if (_isWhole)
            return _start == _end ? null : TakeWhole();

        var fields = new StringBuilder();
        var data = new MemoryStream();
        while (await LineAsync(cancellationToken) is { } line)
        {
            if (line.Length > 0)
                Add(line.Span, fields, data);
            else if (data.Length > 0 || fields.Length > 0)
                return new AnswerEvent(fields.ToString(), Written(data), false);
        }

        // The specification drops an event that its stream does not end; a complete message is worth more than its blank line.
        return data.Length > 0 ? new AnswerEvent(fields.ToString(), Written(data), false) : null;
    }

    private static ReadOnlyMemory<byte> Written(MemoryStream data) => data.GetBuffer().AsMemory(0, (int)data.Length);

    private static void Add(ReadOnlySpan<byte> line, StringBuilder fields, MemoryStream data)
    {
        var colon = line.IndexOf((byte)':');
        var name = colon < 0 ? line : line[..colon];
        var value = colon < 0 ? [] : line[(colon + 1)..];
        if (value is [(byte)' ', ..])
            value = value[1..];
        if (name.SequenceEqual("data"u8))
        {
            if (data.Length > 0)
                data.WriteByte((byte)'\n');
            data.Write(value);
        }
        else if (name.SequenceEqual("id"u8) || name.SequenceEqual("retry"u8))
        {
            fields.Append(Encoding.UTF8.GetString(line)).Append('\n');
        }
    }

    /// <summary>Passes what may stand before the content, and finds out what that is.</summary>
    private async ValueTask BeginAsync(CancellationToken cancellationToken)
    {
        while (_end - _start < 3 && await FillAsync(cancellationToken))
        {
        }

        var head = _buffer.AsSpan(_start, _end - _start);
        if (head.StartsWith(Encoding.UTF8.Preamble))
            _start += 3;
        else if (head.StartsWith(Encoding.Unicode.Preamble) || head.StartsWith(Encoding.BigEndianUnicode.Preamble))
            _charset = head[0] == 0xFF ? Encoding.Unicode : Encoding.BigEndianUnicode;
        // A name of eight-bit text is put on UTF-8 out of habit, so that only what is no UTF-8 is taken at that word (TakeWhole).
        if (_charset is UnicodeEncoding or UTF32Encoding)
            await RecodeAsync(_charset, cancellationToken);

        while (_start < _end || await FillAsync(cancellationToken))
        {
            if (_buffer[_start] is (byte)' ' or (byte)'\t' or (byte)'\r' or (byte)'\n')
            {
                _start++;
                continue;
            }

            _isWhole = _buffer[_start] is (byte)'{' or (byte)'[';
            break;
        }

        while (_isWhole && await FillAsync(cancellationToken))
        {
        }
    }

    private AnswerEvent TakeWhole()
    {
        var json = _buffer.AsMemory(_start, _end - _start);
        _start = _end;
        return _charset is null || Utf8.IsValid(json.Span)
            ? new AnswerEvent("", json, true)
            : new AnswerEvent("", Encoding.UTF8.GetBytes(_charset.GetString(json.Span)), true);
    }

    /// <summary>A body in another encoding is read to its end: event streams are always in UTF-8.</summary>
    private async ValueTask RecodeAsync(Encoding encoding, CancellationToken cancellationToken)
    {
        while (await FillAsync(cancellationToken))
        {
        }

        var text = encoding.GetString(_buffer, _start, _end - _start);
        _buffer = Encoding.UTF8.GetBytes(text.TrimStart('\uFEFF'));
        (_start, _end) = (0, _buffer.Length);
    }

    private async ValueTask<ReadOnlyMemory<byte>?> LineAsync(CancellationToken cancellationToken)
    {
        var scanned = 0;
        while (true)
        {
            if (_skipLineFeed && _start < _end)
            {
                _skipLineFeed = false;
                if (_buffer[_start] == '\n')
                    _start++;
            }

            var at = _buffer.AsSpan(_start + scanned, _end - _start - scanned).IndexOfAny((byte)'\n', (byte)'\r');
            if (at >= 0)
            {
                var line = _buffer.AsMemory(_start, scanned + at);
                _skipLineFeed = _buffer[_start + scanned + at] == '\r';
                _start += scanned + at + 1;
                return line;
            }

            scanned = _end - _start;
            if (await FillAsync(cancellationToken))
                continue;
            if (scanned == 0)
                return null;
            var last = _buffer.AsMemory(_start, scanned);
            _start = _end;
            return last;
        }
    }

    /// <summary>Only here the buffer moves: what was taken from it is used before the next call.</summary>
    private async ValueTask<bool> FillAsync(CancellationToken cancellationToken)
    {
        if (_ended)
            return false;
        if (_start > 0)
        {
            _buffer.AsSpan(_start, _end - _start).CopyTo(_buffer);
            _end -= _start;
            _start = 0;
        }

        if (_end == _buffer.Length)
            Array.Resize(ref _buffer, _buffer.Length * 2);
        var read = await stream.ReadAsync(_buffer.AsMemory(_end), cancellationToken);
        _end += read;
        _ended = read == 0;
        return !_ended;
    }
}
