using System.Text.Json;
using Executor.Http.Bodies;
using Executor.Runs;

namespace Executor.Http.Runs;

internal static class NewRunReader
{
    public const int MaxSteps = 100;
    public const int MaxTimeoutSeconds = 86_400;

    public static NewRun Read(JsonElement root, BodyIssues issues)
    {
        var body = new JsonObject(root, "", issues, "name", "input", "steps");
        return new NewRun(body.Text("name", 255), body.ObjectText("input"), ReadSteps(body, issues));
    }

    public static TriggerAction? ReadAction(JsonElement root, BodyIssues issues) => new JsonObject(root, "", issues, "action")
        .Word<TriggerAction?>("action", null, ("retry", TriggerAction.Retry), ("skip", TriggerAction.Skip));

    private static List<StepDefinition> ReadSteps(JsonObject body, BodyIssues issues)
    {
        var steps = new List<StepDefinition>();
        if (!body.TryGet("steps", out var list))
        {
            body.Refuse("steps", "is required");
            return steps;
        }

        if (list.ValueKind != JsonValueKind.Array || list.GetArrayLength() is 0 or > MaxSteps)
        {
            body.Refuse("steps", $"must be a list of 1 to {MaxSteps} steps");
            return steps;
        }

        var ids = new HashSet<string>(StringComparer.Ordinal);
        foreach (var item in list.EnumerateArray())
        {
            var step = ReadStep(new JsonObject(
                item, $"steps[{steps.Count}]", issues, "id", "type", "mcpServerId", "tool", "arguments", "timeoutSeconds", "onUnknown"));
            if (step.Id.Length > 0 && !ids.Add(step.Id))
                issues.Add($"steps[{steps.Count}].id", "is the id of an earlier step too");
            steps.Add(step);
        }

        return steps;
    }

    private static StepDefinition ReadStep(JsonObject step)
    {
        var id = step.Name("id", 64);
        if (!step.Has("type"))
            step.Refuse("type", "is required");
        step.Word("type", false, ("mcp", true));
        var seconds = step.OptionalInteger("timeoutSeconds", 1, MaxTimeoutSeconds);
        return new StepDefinition(
            id,
            step.ServerId("mcpServerId"),
            step.Text("tool", 255),
            step.ObjectText("arguments"),
            seconds is { } limit ? TimeSpan.FromSeconds(limit) : null,
            step.Word("onUnknown", OnUnknown.ByAnnotations, ("retry", OnUnknown.Retry), ("ask", OnUnknown.Ask)));
    }
}
