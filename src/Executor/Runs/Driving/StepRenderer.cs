using System.Text.Json;
using Executor.Runs.Templates;
using Executor.Runs.Transitions;
using Executor.Servers;

namespace Executor.Runs.Driving;

/// <summary>A step with its arguments, or why it cannot have any.</summary>
internal abstract record RenderedStep
{
    private RenderedStep()
    {
    }

    public sealed record Ready(McpServer Server, JsonElement Arguments) : RenderedStep;

    public sealed record Broken(StepError Error) : RenderedStep;
}

internal sealed class StepRenderer(IMcpServerCatalog catalog, RunWriter writer)
{
    // A result may be nested as deep as its server likes; what is taken from it is measured when it is rendered.
    private static readonly JsonDocumentOptions _deep = new() { MaxDepth = 512 };

    /// <param name="latest">The result of the step before, when it is at hand.</param>
    public async Task<RenderedStep> RenderAsync(
        RunClaim claim, RunRow run, IReadOnlyList<StepRow> steps, int index, JsonElement? latest)
    {
        var definition = steps[index].Definition;
        if (catalog.Find(definition.Server) is not { } server)
        {
            return new RenderedStep.Broken(new StepError(
                StepErrorCodes.ServerUnknown, "The MCP server of this step is not configured.", Retryable: true));
        }

        try
        {
            var template = Template.Parse(definition.Arguments);
            var results = await ResultsAsync(claim, template.Steps, steps, index, latest);
            using var input = JsonDocument.Parse(run.Input);
            return new RenderedStep.Ready(server, template.Render(input.RootElement, results));
        }
        catch (TemplateException wrong)
        {
            // Neither the arguments nor what they refer to can change any more, but nothing ran: the user may skip the step.
            return new RenderedStep.Broken(new StepError(StepErrorCodes.ArgumentsInvalid, wrong.Message, Retryable: true));
        }
    }

    /// <summary>Only what is referred to is loaded, and nothing of it is kept.</summary>
    private async Task<Dictionary<string, JsonElement>> ResultsAsync(
        RunClaim claim, IReadOnlySet<string> named, IReadOnlyList<StepRow> steps, int index, JsonElement? latest)
    {
        var results = new Dictionary<string, JsonElement>(StringComparer.Ordinal);
        var missing = new List<int>();
        foreach (var step in steps.Take(index).Where(step => named.Contains(step.Definition.Id)))
        {
            if (step.Index == index - 1 && latest is { } result)
                results.Add(step.Definition.Id, result);
            else
                missing.Add(step.Index);
        }

        if (missing.Count == 0)
            return results;
        foreach (var (at, json) in await writer.ReadResultsAsync(claim, missing))
        {
            using var document = JsonDocument.Parse(json, _deep);
            results.Add(steps[at].Definition.Id, document.RootElement.Clone());
        }

        return results;
    }
}
