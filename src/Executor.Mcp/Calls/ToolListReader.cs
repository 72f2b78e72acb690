using System.Runtime.InteropServices;
using System.Text.Json;
using Executor.Identity;
using Executor.Mcp.Http;
using Executor.Servers;

namespace Executor.Mcp.Calls;

/// <summary>Keeps the tools that can be used, and names the others: one odd tool takes no other away.</summary>
/// <param name="hasHandshake">The server speaks a version in which parameters are not mirrored in headers.</param>
internal sealed class ToolListReader(McpOptions options, bool hasHandshake)
{
    private const int MaxLeftOut = 100;

    /// <summary>Some readers of JSON, .NET's among them, stop at 64 unless told otherwise; a list has two levels above its tools.</summary>
    private const int MaxDepth = 62;

    /// <summary>What a step may name.</summary>
    private const int MaxName = 255;

    private readonly List<McpTool> _tools = [];
    private readonly List<McpLeftOut> _leftOut = [];
    private readonly Dictionary<string, ParameterHeaders?> _headers = new(StringComparer.Ordinal);

    /// <summary>For each name that was seen, on a tool that is kept or not: may all tools of the name be repeated?</summary>
    private readonly Dictionary<string, bool> _repeatable = new(StringComparer.Ordinal);
    private long _bytes;
    private int _position;
    private int _moreLeftOut;

    /// <summary>What a call of each kept tool mirrors; null for a tool to be rejected for it.</summary>
    public Dictionary<string, ParameterHeaders?> Headers => _headers;

    /// <summary>Whether the server lists the name, on a tool that can be used or not.</summary>
    public bool HasSeen(string name) => _repeatable.ContainsKey(name);

    public McpToolList Read() => new(
        [.. _tools.Select(tool => tool with { IsRepeatable = _repeatable[tool.Name] })], _leftOut, _moreLeftOut);

    public void Add(JsonElement entry)
    {
        var name = NameOf(entry);
        if (name is not null)
            _repeatable[name] = _repeatable.GetValueOrDefault(name, true) && ToolHints.AllowRepetition(entry);
        if (Refuse(entry, name, out var headers) is { } reason)
        {
            LeaveOut(name, reason);
        }
        else
        {
            if (_tools.Count == options.MaxTools)
                throw new TooManyToolsException();
            _bytes += Size(entry);
            if (_bytes > options.MaxListBytes)
                throw new AnswerTooLargeException();
            _tools.Add(new McpTool(name!, entry));
            _headers.Add(name!, headers);
        }

        _position++;
    }

    private string? Refuse(JsonElement entry, string? name, out ParameterHeaders headers)
    {
        headers = ParameterHeaders.None;
        if (entry.ValueKind != JsonValueKind.Object || HasMemberTwice(entry))
            return LeftOutReasons.Malformed;
        if (name is null or "")
            return LeftOutReasons.NoName;
        if (name.Length > MaxName || !WellFormed.Text(name))
            return LeftOutReasons.UnusableName;
        if (Size(entry) > options.MaxToolBytes)
            return LeftOutReasons.TooLarge;
        if (!entry.TryGetProperty("inputSchema", out var schema) || schema.ValueKind != JsonValueKind.Object)
            return LeftOutReasons.NoInputSchema;
        if (_headers.ContainsKey(name))
            return LeftOutReasons.Duplicate;
        var isAllowed = hasHandshake || ParameterHeaders.TryRead(schema, out headers);
        if (isAllowed && IsFlat(entry))
            return null;
        // A step may name it all the same.
        _headers.Add(name, isAllowed ? headers : null);
        return isAllowed ? LeftOutReasons.TooDeep : LeftOutReasons.InvalidHeader;
    }

    private static bool IsFlat(JsonElement entry)
    {
        var reader = new Utf8JsonReader(JsonMarshal.GetRawUtf8Value(entry), new JsonReaderOptions { MaxDepth = int.MaxValue });
        while (reader.Read())
        {
            if (reader.TokenType is JsonTokenType.StartObject or JsonTokenType.StartArray && reader.CurrentDepth >= MaxDepth)
                return false;
        }

        return true;
    }

    private void LeaveOut(string? name, string reason)
    {
        if (_leftOut.Count == MaxLeftOut)
            _moreLeftOut++;
        else
            _leftOut.Add(new McpLeftOut(_position, name is { Length: > 0 and <= MaxName } && WellFormed.Text(name) ? name : null, reason));
    }

    private static string? NameOf(JsonElement entry)
    {
        if (entry.ValueKind != JsonValueKind.Object || !entry.TryGetProperty("name", out var name) || name.ValueKind != JsonValueKind.String)
            return null;
        try
        {
            return name.GetString();
        }
        catch (InvalidOperationException)
        {
            // Half a surrogate pair.
            return null;
        }
    }

    private static bool HasMemberTwice(JsonElement entry)
    {
        var names = new HashSet<string>(StringComparer.Ordinal);
        try
        {
            return !entry.EnumerateObject().All(member => names.Add(member.Name));
        }
        catch (InvalidOperationException)
        {
            return true;
        }
    }

    private static int Size(JsonElement entry) => JsonMarshal.GetRawUtf8Value(entry).Length;
}
