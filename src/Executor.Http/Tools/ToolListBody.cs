using System.Text.Json;
using Executor.Servers;

namespace Executor.Http.Tools;

internal sealed record ToolListBody(ToolBody[] Tools)
{
    public static ToolListBody Of(IReadOnlyList<McpTool> tools)
    {
        var bodies = new ToolBody[tools.Count];
        for (var i = 0; i < bodies.Length; i++)
        {
            var tool = tools[i];
            bodies[i] = new ToolBody(tool.Name, tool.Description ?? "", tool.InputSchema) { Title = tool.Title, Annotations = tool.Annotations };
        }

        return new ToolListBody(bodies);
    }
}

/// <param name="Description">Empty where the server gives none: clients of the reference system expect a text.</param>
internal readonly record struct ToolBody(string Name, string Description, JsonElement InputSchema)
{
    public string? Title { get; init; }

    public JsonElement? Annotations { get; init; }
}
