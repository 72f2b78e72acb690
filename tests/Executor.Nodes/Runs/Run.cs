using System.Text.Json;
using System.Text.Json.Serialization;

namespace Executor.Nodes.Runs;

/// <summary>Bodies of <c>POST /runs</c>.</summary>
internal static class Run
{
    private static readonly JsonSerializerOptions Wire = new(JsonSerializerDefaults.Web)
    {
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    };

    public static string Of(params Step[] steps) => JsonSerializer.Serialize(
        new { name = "run", steps = steps.Select((step, index) => step.Numbered(index)) }, Wire);

    /// <summary>The idempotency key of a step's calls, by which the sandbox counts its effects.</summary>
    public static string Key(string run, int step = 0) => $"{run}/{step}";

    internal sealed record Step(string Tool, string Server = "strict", object? Arguments = null, string? OnUnknown = null)
    {
        public object Numbered(int index) => new
        {
            id = $"s{index}",
            type = "mcp",
            mcpServerId = Server,
            tool = Tool,
            arguments = Arguments ?? new { },
            onUnknown = OnUnknown,
        };
    }
}
