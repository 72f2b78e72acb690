using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Logging;

namespace Executor.Http.Problems;

/// <summary>Gives every answer its fixed headers, every error its body, and no error a detail that was not meant for the caller.</summary>
internal sealed partial class ProblemMiddleware(RequestDelegate next, ILogger<ProblemMiddleware> logger)
{
    private static readonly string Version = ExecutorVersion.Current;

    public async Task InvokeAsync(HttpContext context)
    {
        var response = context.Response;
        SetFixedHeaders(response);
        try
        {
            await next(context);
            if (IsBareError(response))
                await Problem.ForStatus(response.StatusCode).ExecuteAsync(context);
        }
        catch (OperationCanceledException) when (context.RequestAborted.IsCancellationRequested)
        {
            // Nobody is left to answer.
        }
        catch (BadHttpRequestException refused)
        {
            await AnswerAsync(context, Problem.ForStatus(refused.StatusCode), refused);
        }
        catch (StoreUnavailableException unavailable)
        {
            Log.StoreUnavailable(logger, context.Request.Method, Route(context));
            await AnswerAsync(
                context,
                Problem.Unavailable(ProblemTypes.StoreUnavailable, "The database is not available.", TimeSpan.FromSeconds(1)),
                unavailable);
        }
        catch (Exception unexpected)
        {
            // The message is left out: it may quote a body, a token or a statement. The stack tells where.
            Log.Unexpected(logger, context.Request.Method, Route(context), unexpected.GetType().FullName, unexpected.StackTrace);
            await AnswerAsync(context, Problem.ForStatus(500), unexpected);
        }
    }

    private static async Task AnswerAsync(HttpContext context, Problem problem, Exception cause)
    {
        // Half an answer is out: cutting the connection is the only way left to say that it is not whole.
        if (context.Response.HasStarted)
        {
            context.Abort();
            return;
        }

        context.Response.Clear();
        SetFixedHeaders(context.Response);
        if (cause is BadHttpRequestException)
            context.Response.Headers.Connection = "close";
        await problem.ExecuteAsync(context);
    }

    private static void SetFixedHeaders(HttpResponse response)
    {
        response.Headers["X-Executor-Version"] = Version;
        response.Headers.CacheControl = "no-store";
        response.Headers.XContentTypeOptions = "nosniff";
    }

    private static bool IsBareError(HttpResponse response) =>
        response.StatusCode >= 400 && !response.HasStarted && response.ContentType is null && response.ContentLength is null;

    /// <summary>The pattern, not the path: a path holds what the caller wrote.</summary>
    private static string Route(HttpContext context) =>
        (context.GetEndpoint() as RouteEndpoint)?.RoutePattern.RawText ?? "(no route)";

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Error, Message = "Unexpected {ExceptionType} in {Method} {Route}\n{Stack}")]
        public static partial void Unexpected(ILogger logger, string method, string route, string? exceptionType, string? stack);

        [LoggerMessage(Level = LogLevel.Debug, Message = "The database was not available to {Method} {Route}")]
        public static partial void StoreUnavailable(ILogger logger, string method, string route);
    }
}
