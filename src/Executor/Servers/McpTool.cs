using System.Text.Json;

namespace Executor.Servers;

/// <param name="Definition">The whole tool as the server sent it, an object with an <c>inputSchema</c>.</param>
public sealed record McpTool(string Name, JsonElement Definition)
{
    public JsonElement InputSchema => Definition.GetProperty("inputSchema");

    /// <summary>A second call does no harm, as far as everything that the server says of this name goes.</summary>
    public bool IsRepeatable { get; init; } = ToolHints.AllowRepetition(Definition);
}

/// <summary>What of a server's list can be used, and what was left out of it.</summary>
/// <param name="LeftOut">The first of them.</param>
/// <param name="MoreLeftOut">How many more there were.</param>
public sealed record McpToolList(IReadOnlyList<McpTool> Tools, IReadOnlyList<McpLeftOut> LeftOut, int MoreLeftOut = 0);

/// <param name="Position">Counted from 0, over all pages.</param>
/// <param name="Name">Null where it has none that can be told.</param>
/// <param name="Reason">One of <see cref="LeftOutReasons"/>.</param>
public readonly record struct McpLeftOut(int Position, string? Name, string Reason);

public static class LeftOutReasons
{
    /// <summary>Not an object, with a member twice, or with text that is not Unicode.</summary>
    public const string Malformed = "malformed";

    /// <summary>No name, an empty one, or one that is not a text.</summary>
    public const string NoName = "no-name";

    /// <summary>A name that no step can name: too long, or with control characters.</summary>
    public const string UnusableName = "unusable-name";

    /// <summary>An earlier tool has the name.</summary>
    public const string Duplicate = "duplicate";

    /// <summary>No input schema, or one that is not an object.</summary>
    public const string NoInputSchema = "no-input-schema";

    /// <summary>Larger than one tool may be.</summary>
    public const string TooLarge = "too-large";

    /// <summary>Nested deeper than common readers of JSON follow: in the list it would take the other tools away with it.</summary>
    public const string TooDeep = "too-deep";

    /// <summary>MCP 2026-07-28, Streamable HTTP: such a definition has to be rejected.</summary>
    public const string InvalidHeader = "invalid-x-mcp-header";
}
