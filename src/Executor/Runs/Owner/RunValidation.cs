using System.Text.Json;
using Executor.Identity;
using Executor.Runs.Templates;

namespace Executor.Runs.Owner;

/// <summary>The limits of a run, whatever front end it came through.</summary>
internal static class RunValidation
{
    public const int MaxSteps = 100;
    public const int MaxNameLength = 255;
    public const int MaxIdLength = 64;
    public const int MaxToolLength = 255;

    /// <returns>What is wrong, fit for the caller; null when nothing is.</returns>
    public static string? Check(NewRun run, TimeSpan maxTimeout)
    {
        if (!IsName(run.Name, MaxNameLength))
            return $"name: 1 to {MaxNameLength} characters, no control characters.";
        using var input = ParseJson(run.Input);
        if (input is null)
            return $"input: a JSON value of at most {Template.MaxDepth} levels.";
        if (run.Steps.Count is 0 or > MaxSteps)
            return $"steps: 1 to {MaxSteps}.";
        var ids = new HashSet<string>(StringComparer.Ordinal);
        var references = new RunReferences(run.Steps, input.RootElement);
        for (var index = 0; index < run.Steps.Count; index++)
        {
            if (Check(run.Steps[index], maxTimeout) is { } wrong)
                return $"steps[{index}].{wrong}";
            if (!ids.Add(run.Steps[index].Id))
                return $"steps[{index}].id: used twice.";
            if (references.Check(index) is { } reference)
                return $"steps[{index}].arguments: step '{run.Steps[index].Id}': {reference}";
        }

        return null;
    }

    private static string? Check(StepDefinition step, TimeSpan maxTimeout)
    {
        if (!IsName(step.Id, MaxIdLength))
            return $"id: 1 to {MaxIdLength} characters, no control characters.";
        if (!IsName(step.Tool, MaxToolLength))
            return $"tool: 1 to {MaxToolLength} characters, no control characters.";
        if (step.Timeout is { } timeout && (timeout <= TimeSpan.Zero || timeout > maxTimeout))
            return $"timeoutSeconds: more than 0, at most {maxTimeout.TotalSeconds}.";
        return null;
    }

    private static bool IsName(string text, int maxLength) => text.Length > 0 && text.Length <= maxLength && WellFormed.Text(text);

    private static JsonDocument? ParseJson(string text)
    {
        try
        {
            return JsonDocument.Parse(text, new JsonDocumentOptions { MaxDepth = Template.MaxDepth });
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
