using Microsoft.AspNetCore.OpenApi;
using Microsoft.OpenApi;

namespace Executor.Http.Description;

internal sealed class DescribeApi : IOpenApiDocumentTransformer
{
    public Task TransformAsync(OpenApiDocument document, OpenApiDocumentTransformerContext context, CancellationToken cancellationToken)
    {
        document.Info = new OpenApiInfo
        {
            Title = "Executor",
            Version = ExecutorVersion.Current,
            Description = "Runs workflow steps that call MCP servers on behalf of users, and keeps each user's credential for them.",
        };

        // Where a node is reached is for its operator to say, not for the request that asked for this document.
        document.Servers = [];
        const string Scheme = "bearer";
        document.Components ??= new OpenApiComponents();
        foreach (var schema in document.Components.Schemas?.Values ?? [])
            WithoutNulls.Strip(schema);
        document.AddComponent<IOpenApiSecurityScheme>(Scheme, new OpenApiSecurityScheme
        {
            Type = SecuritySchemeType.Http,
            Scheme = Scheme,
            BearerFormat = "JWT",
            Description = "HS256, with `exp`; the claim `id` is the user.",
        });
        document.Security = [new OpenApiSecurityRequirement { [new OpenApiSecuritySchemeReference(Scheme, document)] = [] }];
        return Task.CompletedTask;
    }
}
