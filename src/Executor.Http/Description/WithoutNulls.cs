using System.Text.Json.Nodes;
using Microsoft.OpenApi;

namespace Executor.Http.Description;

/// <summary>
/// No JSON null is accepted or written anywhere: what is not there is left out. The schemas are made from nullable types, and would say
/// otherwise.
/// </summary>
internal static class WithoutNulls
{
    public static void Strip(IOpenApiSchema? described)
    {
        if (described is not OpenApiSchema schema)
            return;
        schema.Type &= ~JsonSchemaType.Null;
        if (schema.Enum is { } words)
            schema.Enum = [.. words.Where(word => word is not null && !JsonNullSentinel.IsJsonNullSentinel(word))];
        Strip(schema.Items);
        foreach (var (name, property) in schema.Properties ?? new Dictionary<string, IOpenApiSchema>(StringComparer.Ordinal))
        {
            schema.Properties![name] = Unwrap(property);
            Strip(schema.Properties[name]);
        }
    }

    /// <summary>«Null or this» becomes this.</summary>
    private static IOpenApiSchema Unwrap(IOpenApiSchema schema)
    {
        var choices = schema.OneOf?.Where(choice => choice is not OpenApiSchema { Type: JsonSchemaType.Null }).ToList();
        return choices is [var only] ? only : schema;
    }
}
