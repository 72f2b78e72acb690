using System.Diagnostics.CodeAnalysis;

namespace Executor.Identity;

/// <summary>Names an MCP server: 1 to 255 UTF-16 units, well-formed, without control characters.</summary>
public readonly record struct McpServerId
{
    public const int MaxLength = 255;

    private readonly string? _value;

    private McpServerId(string value) => _value = value;

    public string Value => _value ?? throw new InvalidOperationException("An MCP server id was never set.");

    public static McpServerId From(string value) =>
        TryParse(value, out var id) ? id : throw new ArgumentException("Not an MCP server id.", nameof(value));

    public static bool TryParse([NotNullWhen(true)] string? text, out McpServerId id)
    {
        id = default;
        if (text is null || text.Length is 0 or > MaxLength || !WellFormed.Text(text))
            return false;
        id = new McpServerId(text);
        return true;
    }

    public override string ToString() => Value;
}
