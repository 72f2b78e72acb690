using System.Buffers;
using System.Text.Json;

namespace Executor.Mcp.Calls;

/// <summary>
/// The parameters of a tool that its input schema marks with <c>x-mcp-header</c>: MCP 2026-07-28, Streamable HTTP, «Custom Headers from
/// Tool Parameters». A call mirrors their values in <c>Mcp-Param-*</c>.
/// </summary>
internal sealed class ParameterHeaders
{
    public static readonly ParameterHeaders None = new([]);

    private const string Annotation = "x-mcp-header";

    /// <summary>Keywords whose value is an instance, or names: nothing in it is a schema.</summary>
    private static readonly HashSet<string> NoSchemas = new(StringComparer.Ordinal) { "const", "default", "enum", "examples", "example", "required", "dependentRequired" };

    /// <summary>Keywords whose value is an object of schemas by name.</summary>
    private static readonly HashSet<string> NamedSchemas =
        new(StringComparer.Ordinal) { "properties", "patternProperties", "$defs", "definitions", "dependentSchemas", "dependencies" };

    /// <summary>RFC 9110 §5.6.2.</summary>
    private static readonly SearchValues<char> Token =
        SearchValues.Create("!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz");

    private readonly List<Mirrored> _mirrored;

    private ParameterHeaders(List<Mirrored> mirrored) => _mirrored = mirrored;

    /// <returns>False when an annotation breaks a rule: the tool's definition has to be rejected.</returns>
    public static bool TryRead(JsonElement schema, out ParameterHeaders headers)
    {
        var found = new List<Mirrored>();
        // The schema itself is no parameter.
        var valid = !schema.TryGetProperty(Annotation, out _) && Walk(schema, [], reachable: true, found)
            && found.DistinctBy(mirrored => mirrored.Header, StringComparer.OrdinalIgnoreCase).Count() == found.Count;
        headers = !valid || found.Count == 0 ? None : new ParameterHeaders(found);
        return valid;
    }

    /// <returns>Headers by name; null when a value cannot be mirrored as it has to be.</returns>
    public IReadOnlyList<KeyValuePair<string, string>>? Of(JsonElement arguments)
    {
        if (_mirrored.Count == 0)
            return [];
        var headers = new List<KeyValuePair<string, string>>();
        foreach (var mirrored in _mirrored)
        {
            if (Find(arguments, mirrored.Path) is not { } value || value.ValueKind is JsonValueKind.Null or JsonValueKind.Object or JsonValueKind.Array)
                continue;
            if (HeaderText.Of(value, mirrored.IsInteger) is not { } text)
                return null;
            headers.Add(new($"Mcp-Param-{mirrored.Header}", text));
        }

        return headers;
    }

    private static JsonElement? Find(JsonElement arguments, IReadOnlyList<string> path)
    {
        var value = arguments;
        foreach (var name in path)
        {
            if (value.ValueKind != JsonValueKind.Object || !value.TryGetProperty(name, out value))
                return null;
        }

        return value;
    }

    /// <param name="reachable">By a chain of <c>properties</c> alone: elsewhere an annotation is invalid.</param>
    private static bool Walk(JsonElement schema, IReadOnlyList<string> path, bool reachable, List<Mirrored> found)
    {
        if (schema.ValueKind == JsonValueKind.Array)
            return schema.EnumerateArray().All(item => Walk(item, path, reachable: false, found));
        if (schema.ValueKind != JsonValueKind.Object)
            return true;
        if (schema.TryGetProperty(Annotation, out var header) && !(reachable && TryAdd(header, schema, path, found)))
            return false;
        foreach (var keyword in schema.EnumerateObject())
        {
            if (NoSchemas.Contains(keyword.Name) || keyword.Name.StartsWith("x-", StringComparison.Ordinal))
                continue;
            if (!NamedSchemas.Contains(keyword.Name) || keyword.Value.ValueKind != JsonValueKind.Object)
            {
                if (!Walk(keyword.Value, path, reachable: false, found))
                    return false;
                continue;
            }

            var onPath = reachable && keyword.NameEquals("properties");
            if (!keyword.Value.EnumerateObject().All(named => Walk(named.Value, onPath ? [.. path, named.Name] : path, onPath, found)))
                return false;
        }

        return true;
    }

    private static bool TryAdd(JsonElement header, JsonElement schema, IReadOnlyList<string> path, List<Mirrored> found)
    {
        if (header.ValueKind != JsonValueKind.String || header.GetString() is not { Length: > 0 } name || name.AsSpan().ContainsAnyExcept(Token))
            return false;
        var isInteger = false;
        // Without a type it may be one of the allowed ones, by enum, const or reference; the SDK's client takes it so too.
        if (schema.TryGetProperty("type", out var type) && !IsPrimitive(type, out isInteger))
            return false;
        found.Add(new Mirrored(path, name, isInteger));
        return true;
    }

    private static bool IsPrimitive(JsonElement type, out bool isInteger)
    {
        var types = type.ValueKind == JsonValueKind.Array ? [.. type.EnumerateArray()] : new[] { type };
        isInteger = types.Any(one => Is(one, "integer"));
        return types.All(one => Is(one, "string") || Is(one, "integer") || Is(one, "boolean") || Is(one, "null"))
            && !types.All(one => Is(one, "null"));
    }

    private static bool Is(JsonElement type, string name) => type.ValueKind == JsonValueKind.String && type.ValueEquals(name);

    private sealed record Mirrored(IReadOnlyList<string> Path, string Header, bool IsInteger);
}
