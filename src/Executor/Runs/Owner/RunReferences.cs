using System.Text.Json;
using Executor.Runs.Templates;

namespace Executor.Runs.Owner;

/// <summary>
/// What can be known about references before anything runs: which steps come earlier, and what the input is. What a path finds in a
/// result is known only when the step is begun.
/// </summary>
internal sealed class RunReferences(IReadOnlyList<StepDefinition> steps, JsonElement input)
{
    /// <returns>What is wrong in the arguments of the step, fit for the caller; null when nothing is.</returns>
    public string? Check(int index)
    {
        try
        {
            return Template.Parse(steps[index].Arguments).References.Select(path => Check(path, index)).FirstOrDefault(wrong => wrong is not null);
        }
        catch (TemplateException wrong)
        {
            return wrong.Message;
        }
    }

    private string? Check(TemplatePath path, int index)
    {
        if (path.IsInput)
            return path.TryFind(input, out _) ? null : $"'{path}' finds nothing in the input.";
        for (var at = 0; at < steps.Count; at++)
        {
            if (!string.Equals(steps[at].Id, path.Step, StringComparison.Ordinal))
                continue;
            if (at < index)
                return null;
            return at == index ? $"'{path}' refers to the step itself." : $"'{path}' refers to a step that comes later.";
        }

        return $"'{path}' refers to a step that there is not.";
    }
}
