using System.Text.Json;

namespace Executor.Servers;

/// <summary>What editors do to JSON files that people write by hand.</summary>
public static class JsonFile
{
    /// <summary>Some editors begin a file with the byte order mark, which is not JSON.</summary>
    public static ReadOnlyMemory<byte> WithoutMark(ReadOnlyMemory<byte> text) =>
        text.Span.StartsWith("\uFEFF"u8) ? text["\uFEFF"u8.Length..] : text;

    /// <summary>What is wrong and where. The parser's own message may quote the file.</summary>
    public static string Complaint(JsonException malformed) => malformed.LineNumber is { } line
        ? $"is not valid JSON, or nested too deep: line {line + 1}, column {(malformed.BytePositionInLine ?? 0) + 1}"
        : "names a member of an object twice";
}
