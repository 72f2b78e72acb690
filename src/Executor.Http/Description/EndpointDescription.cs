using Executor.Http.Problems;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.OpenApi;

namespace Executor.Http.Description;

/// <summary>
/// What the API description says about an endpoint beyond its signature. Bodies are read by hand, since a strict reading names every
/// mistake. So their types are told here.
/// </summary>
internal static class EndpointDescription
{
    public static TBuilder TakesJson<TBuilder>(this TBuilder builder, Type body, bool required = true)
        where TBuilder : IEndpointConventionBuilder => builder.WithMetadata(new JsonBodyMetadata(body, required));

    public static TBuilder TakesQuery<TBuilder>(this TBuilder builder, string name, string description, bool required = false)
        where TBuilder : IEndpointConventionBuilder =>
        builder.WithMetadata(new TextParameterMetadata(name, ParameterLocation.Query, description, required));

    public static TBuilder TakesPath<TBuilder>(this TBuilder builder, string name, string description)
        where TBuilder : IEndpointConventionBuilder =>
        builder.WithMetadata(new TextParameterMetadata(name, ParameterLocation.Path, description, Required: true));

    public static TBuilder TakesHeader<TBuilder>(this TBuilder builder, string name, string description)
        where TBuilder : IEndpointConventionBuilder =>
        builder.WithMetadata(new TextParameterMetadata(name, ParameterLocation.Header, description, Required: false));

    public static TBuilder Answers<TBuilder>(this TBuilder builder, int status, Type? body = null, string contentType = "application/json")
        where TBuilder : IEndpointConventionBuilder =>
        builder.WithMetadata(new ProducesResponseTypeMetadata(status, body ?? typeof(void), body is null ? [] : [contentType]));

    public static TBuilder Problems<TBuilder>(this TBuilder builder, params ReadOnlySpan<int> statuses)
        where TBuilder : IEndpointConventionBuilder
    {
        foreach (var status in statuses)
            builder.Answers(status, typeof(ProblemBody), Problem.ContentType);
        return builder;
    }
}

internal sealed record JsonBodyMetadata(Type Body, bool Required);

internal sealed record TextParameterMetadata(string Name, ParameterLocation In, string Description, bool Required);
