using System.Text.Json;

namespace Executor.Load.Scenarios;

/// <summary>Bodies of <c>POST /runs</c>.</summary>
internal static class RunBodies
{
    public static string Echo(int steps, string server) => JsonSerializer.Serialize(new
    {
        name = "load",
        steps = Enumerable.Range(0, steps).Select(index => new
        {
            id = $"s{index}",
            type = "mcp",
            mcpServerId = server,
            tool = "echo",
            arguments = new { text = "hello" },
        }),
    });
}
