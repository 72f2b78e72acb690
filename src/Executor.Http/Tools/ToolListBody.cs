using System.Text.Json;
using System.Text.Json.Serialization;
using Executor.Servers;

namespace Executor.Http.Tools;

internal sealed record ToolListBody(ToolBody[] Tools)
{
    /// <summary>Tools that the server lists and nobody can use; absent when there are none.</summary>
    public LeftOutBody[]? LeftOut { get; init; }

    /// <summary>How many more there were.</summary>
    public int? MoreLeftOut { get; init; }

    public static ToolListBody Of(McpToolList list) => new([.. list.Tools.Select(ToolBody.Of)])
    {
        LeftOut = list.LeftOut.Count == 0 ? null : [.. list.LeftOut.Select(tool => new LeftOutBody(tool.Position, tool.Reason) { Name = tool.Name })],
        MoreLeftOut = list.MoreLeftOut == 0 ? null : list.MoreLeftOut,
    };
}

/// <param name="Position">In the server's list, counted from 0.</param>
internal sealed record LeftOutBody(int Position, string Reason)
{
    public string? Name { get; init; }
}

/// <summary>A tool as its server describes it. Members that MCP defines are left away where they have another type than it says.</summary>
/// <param name="Description">Empty where the server gives none: clients of the reference system expect a text.</param>
internal sealed record ToolBody(string Name, string Description, JsonElement InputSchema)
{
    public string? Title { get; init; }

    public JsonElement? Annotations { get; init; }

    public JsonElement? OutputSchema { get; init; }

    public JsonElement? Icons { get; init; }

    public JsonElement? Execution { get; init; }

    [JsonPropertyName("_meta")]
    public JsonElement? Meta { get; init; }

    /// <summary>What later versions of MCP may add.</summary>
    [JsonExtensionData]
    public Dictionary<string, JsonElement>? Others { get; set; }

    public static ToolBody Of(McpTool tool)
    {
        var members = tool.Definition;
        return new ToolBody(tool.Name, Text(members, "description") ?? "", tool.InputSchema)
        {
            Title = Text(members, "title"),
            Annotations = Of(members, "annotations", JsonValueKind.Object),
            OutputSchema = Of(members, "outputSchema", JsonValueKind.Object),
            Icons = Of(members, "icons", JsonValueKind.Array),
            Execution = Of(members, "execution", JsonValueKind.Object),
            Meta = Of(members, "_meta", JsonValueKind.Object),
            Others = OthersOf(members),
        };
    }

    private static Dictionary<string, JsonElement>? OthersOf(JsonElement members)
    {
        Dictionary<string, JsonElement>? others = null;
        foreach (var member in members.EnumerateObject())
        {
            if (member.Name is not ("name" or "description" or "inputSchema" or "title" or "annotations" or "outputSchema" or "icons" or "execution" or "_meta"))
                (others ??= new Dictionary<string, JsonElement>(StringComparer.Ordinal))[member.Name] = member.Value;
        }

        return others;
    }

    private static string? Text(JsonElement members, string name) => Of(members, name, JsonValueKind.String)?.GetString();

    private static JsonElement? Of(JsonElement members, string name, JsonValueKind kind) =>
        members.TryGetProperty(name, out var value) && value.ValueKind == kind ? value : null;
}
