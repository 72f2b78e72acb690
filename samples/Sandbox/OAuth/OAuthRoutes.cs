namespace Executor.Sandbox.OAuth;

internal static class OAuthRoutes
{
    public const string Token = "/oauth/token";

    public const string Revoke = "/oauth/revoke";

    public static void MapOAuth(this IEndpointRouteBuilder routes, OAuthSandbox sandbox)
    {
        routes.MapPost(Token, (RequestDelegate)new TokenEndpoint(sandbox).HandleAsync);
        routes.MapPost(Revoke, (Delegate)new RevocationEndpoint(sandbox).HandleAsync);
        routes.Map(AnswerWriter.RedirectTarget, () =>
        {
            sandbox.CountFollowedRedirect();
            return Results.StatusCode(StatusCodes.Status418ImATeapot);
        });
    }
}
