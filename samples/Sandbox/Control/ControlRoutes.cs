using Executor.Sandbox.Mcp;
using Executor.Sandbox.OAuth;

namespace Executor.Sandbox.Control;

/// <summary>The control surface over HTTP, for tests in other processes; README.md has the table.</summary>
internal static class ControlRoutes
{
    public static void MapControl(this IEndpointRouteBuilder routes, OAuthSandbox oauth, McpSandbox mcp)
    {
        var control = routes.MapGroup("/control");
        control.MapGrants(oauth);
        control.MapOAuthControl(oauth);
        control.MapMcpControl(mcp);
        control.MapPost("/reset", () =>
        {
            oauth.Reset();
            mcp.Reset();
            return TypedResults.NoContent();
        });
    }

    /// <summary>A long poll: answers as soon as enough entries match, with 408 where they do not in time.</summary>
    public static async Task<IResult> WaitAsync<T>(Journal<T> journal, Func<T, bool> where, WaitQuery query, CancellationToken cancellationToken)
        where T : class
    {
        try
        {
            var timeout = TimeSpan.FromMilliseconds(query.TimeoutMs ?? 10_000);
            return TypedResults.Ok(await journal.WaitAsync(where, query.Count ?? 1, timeout, query.After ?? 0, cancellationToken));
        }
        catch (TimeoutException e)
        {
            return TypedResults.Json(new { error = e.Message }, statusCode: StatusCodes.Status408RequestTimeout);
        }
    }

    public static IResult Found(bool found) => found ? TypedResults.NoContent() : TypedResults.NotFound();
}

internal sealed record WaitQuery(long? After, int? Count, int? TimeoutMs);

internal sealed record ReleaseCommand(long? Sequence, string? GrantId);

internal sealed record Released(int Count);
