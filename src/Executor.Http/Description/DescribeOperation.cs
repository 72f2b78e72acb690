using Microsoft.AspNetCore.OpenApi;
using Microsoft.OpenApi;

namespace Executor.Http.Description;

/// <summary>Puts <see cref="EndpointDescription"/> into the API description.</summary>
internal sealed class DescribeOperation : IOpenApiOperationTransformer
{
    public async Task TransformAsync(OpenApiOperation operation, OpenApiOperationTransformerContext context, CancellationToken cancellationToken)
    {
        foreach (var metadata in context.Description.ActionDescriptor.EndpointMetadata)
        {
            switch (metadata)
            {
                case TextParameterMetadata parameter:
                    Add(operation, parameter);
                    break;
                case JsonBodyMetadata body:
                    var schema = await context.GetOrCreateSchemaAsync(body.Body, null, cancellationToken);
                    WithoutNulls.Strip(schema);
                    operation.RequestBody = new OpenApiRequestBody
                    {
                        Required = body.Required,
                        Content = new Dictionary<string, OpenApiMediaType>(StringComparer.Ordinal)
                        {
                            ["application/json"] = new() { Schema = schema },
                        },
                    };
                    break;
            }
        }
    }

    private static void Add(OpenApiOperation operation, TextParameterMetadata parameter)
    {
        operation.Parameters ??= [];
        operation.Parameters.Add(new OpenApiParameter
        {
            Name = parameter.Name,
            In = parameter.In,
            Description = parameter.Description,
            Required = parameter.Required,
            Schema = new OpenApiSchema { Type = JsonSchemaType.String },
        });
    }
}
