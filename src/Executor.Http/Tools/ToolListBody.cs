using System.Text.Json;
using Executor.Servers;

namespace Executor.Http.Tools;

internal sealed record ToolListBody(ToolBody[] Tools)
{
    public static ToolListBody Of(IReadOnlyList<McpTool> tools)
    {
        var bodies = new ToolBody[tools.Count];
        for (var i = 0; i < bodies.Length; i++)
            bodies[i] = new ToolBody(tools[i].Name, tools[i].Title, tools[i].Description ?? "", tools[i].InputSchema, tools[i].Annotations);
        return new ToolListBody(bodies);
    }
}

/// <param name="Description">Empty where the server gives none: clients of the reference system expect a text.</param>
internal readonly record struct ToolBody(string Name, string? Title, string Description, JsonElement InputSchema, JsonElement? Annotations);
