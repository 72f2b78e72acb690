using System.ComponentModel.DataAnnotations;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Executor.Http.Runs;

/// <summary>The wire form of a new run, as described in the API description. It is read by <see cref="NewRunReader"/>.</summary>
internal sealed record NewRunBody(
    [property: MaxLength(255)] string Name,
    [property: MinLength(1), MaxLength(NewRunReader.MaxSteps)] NewStepBody[] Steps)
{
    /// <summary>An object; empty where it is left out.</summary>
    public Dictionary<string, JsonElement>? Input { get; init; }
}

internal sealed record NewStepBody(
    [property: MaxLength(64), RegularExpression("^[A-Za-z0-9_-]+$")] string Id,
    StepTypeName Type,
    [property: MaxLength(255)] string McpServerId,
    [property: MaxLength(255)] string Tool)
{
    /// <summary>An object; values may refer to the input and to earlier results.</summary>
    public Dictionary<string, JsonElement>? Arguments { get; init; }

    [Range(1, NewRunReader.MaxTimeoutSeconds)]
    public int? TimeoutSeconds { get; init; }

    public OnUnknownName? OnUnknown { get; init; }
}

internal sealed record TriggerBody
{
    public ActionName? Action { get; init; }
}

[JsonConverter(typeof(KebabCase<StepTypeName>))]
internal enum StepTypeName
{
    Mcp,
}

[JsonConverter(typeof(KebabCase<OnUnknownName>))]
internal enum OnUnknownName
{
    Retry,
    Ask,
}

[JsonConverter(typeof(KebabCase<ActionName>))]
internal enum ActionName
{
    Retry,
    Skip,
}
