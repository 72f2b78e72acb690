using System.Text.Json;
using System.Text.Json.Nodes;
using ModelContextProtocol.Protocol;

namespace Executor.Sandbox.Mcp;

/// <summary>A tool and what it does.</summary>
internal sealed record SandboxTool(Tool Definition, Func<ToolInvocation, Task<CallToolResult>> RunAsync)
{
    public static SandboxTool Create(
        string name, string description, string schema, ToolAnnotations annotations, Func<ToolInvocation, Task<CallToolResult>> runAsync) =>
        new(
            new Tool
            {
                Name = name,
                Description = description,
                InputSchema = JsonElement.Parse(schema),
                Annotations = annotations,
            },
            runAsync);

    public static CallToolResult Text(string text, JsonNode? structured = null, bool isError = false) => new()
    {
        Content = [new TextContentBlock { Text = text }],
        StructuredContent = structured is null ? null : JsonSerializer.SerializeToElement(structured),
        IsError = isError,
    };
}

/// <summary>One call of a tool; <see cref="Cancelled"/> fires when the call is cancelled or its server ends.</summary>
internal sealed record ToolInvocation(McpSandbox Sandbox, ActiveCall Call, IDictionary<string, JsonElement> Arguments, CancellationToken Cancelled)
{
    /// <summary>
    /// The caller's idempotency key, whatever prefix and spelling its member of <c>_meta</c> has: no convention is settled.
    /// </summary>
    public string IdempotencyKey =>
        (Call.Entry.Meta as JsonObject)?
            .FirstOrDefault(m => m.Key[(m.Key.LastIndexOf('/') + 1)..]
                .Replace("-", "", StringComparison.Ordinal)
                .Replace("_", "", StringComparison.Ordinal)
                .EndsWith("idempotencyKey", StringComparison.OrdinalIgnoreCase))
            .Value?.ToString() ?? "";

    public string Text(string name, string otherwise) =>
        Arguments.TryGetValue(name, out var value) ? value.ToString() : otherwise;

    public double? Number(string name) =>
        Arguments.TryGetValue(name, out var value) && value.ValueKind == JsonValueKind.Number ? value.GetDouble() : null;
}
