using Executor.Http.Description;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.OpenApi;

namespace Executor.Http.Problems;

/// <summary>
/// Refuses a query that has a parameter twice, or one that the endpoint does not describe. A mistyped filter would otherwise answer as if
/// it had been left out.
/// </summary>
internal sealed class QueryMiddleware(RequestDelegate next)
{
    private const int MaxQuoted = 40;

    public Task InvokeAsync(HttpContext context) =>
        context.GetEndpoint() is RouteEndpoint endpoint && context.Request.QueryString.HasValue && Check(endpoint, context.Request.Query) is { } problem
            ? problem.ExecuteAsync(context)
            : next(context);

    private static Problem? Check(RouteEndpoint endpoint, IQueryCollection query)
    {
        var known = endpoint.Metadata.GetOrderedMetadata<TextParameterMetadata>().Where(parameter => parameter.In == ParameterLocation.Query).ToList();

        // One that is required and not there once is for the endpoint to tell, in the words that its clients know.
        if (known.Exists(parameter => parameter.Required && query[parameter.Name].Count != 1))
            return null;
        foreach (var (name, values) in query)
        {
            if (!known.Exists(parameter => parameter.Name == name))
                return Problem.InvalidRequest($"The query parameter \"{Quoted(name)}\" is not known here");
            if (values.Count > 1)
                return Problem.InvalidRequest($"The query parameter \"{name}\" is there more than once");
        }

        return null;
    }

    /// <summary>Percent-encoded, as it came: a name may hold anything.</summary>
    private static string Quoted(string name) =>
        name.Length <= MaxQuoted ? Uri.EscapeDataString(name) : Uri.EscapeDataString(name[..MaxQuoted]) + "…";
}
