using Microsoft.AspNetCore.Http;

namespace Executor.Http.Authentication;

/// <summary>
/// A cookie is sent by the browser whoever made the page. A request that authenticates by one and changes state must therefore prove
/// that it comes from this origin; one that carries no proof is refused.
/// </summary>
internal sealed class SameOriginMiddleware(RequestDelegate next)
{
    public Task InvokeAsync(HttpContext context)
    {
        if (context.Features.Get<CookieAuthenticated>() is null || IsSafe(context.Request.Method) || IsSameOrigin(context.Request))
            return next(context);
        context.Response.StatusCode = StatusCodes.Status403Forbidden;
        return Task.CompletedTask;
    }

    private static bool IsSafe(string method) =>
        HttpMethods.IsGet(method) || HttpMethods.IsHead(method) || HttpMethods.IsOptions(method);

    private static bool IsSameOrigin(HttpRequest request)
    {
        var site = request.Headers["Sec-Fetch-Site"];
        if (site.Count > 0)
            return site.Count == 1 && site[0] is "same-origin" or "none";
        var origin = request.Headers.Origin;
        return origin.Count == 1
            && string.Equals(origin[0], $"{request.Scheme}://{request.Host.ToUriComponent()}", StringComparison.OrdinalIgnoreCase);
    }
}
