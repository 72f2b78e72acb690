using System.Globalization;
using Executor.Credentials;
using Executor.Identity;
using Executor.Servers;
using Microsoft.AspNetCore.Http;

namespace Executor.Http.Problems;

internal sealed class Problem(ProblemBody body) : IResult, IStatusCodeHttpResult, IValueHttpResult<ProblemBody>
{
    public const string ContentType = "application/problem+json";

    public int? StatusCode => body.Status;

    public ProblemBody? Value => body;

    public static Problem InvalidRequest(string message) => new(new(ProblemTypes.InvalidRequest, "The request is not valid.", 400)
    {
        Detail = message,
        Error = message,
    });

    public static Problem NotFound(string type, string message) => new(new(type, "There is no such thing here.", 404)
    {
        Detail = message,
        Error = message,
    });

    public static Problem Conflict(string type, string message) => new(new(type, "The state does not allow this.", 409)
    {
        Detail = message,
        Error = message,
    });

    public static Problem EncryptionKeyMissing() => new(new(ProblemTypes.EncryptionKeyMissing, "This node has no encryption key.", 503)
    {
        Detail = "Credentials cannot be stored or used before an encryption key is configured.",
        Code = "executor_encryption_key_missing",
    });

    public static Problem Unavailable(string type, string message, TimeSpan retryAfter) => new(new(type, "Try again later.", 503)
    {
        Detail = message,
        Error = message,
        RetryAfter = retryAfter,
    });

    public static Problem CredentialBusy(TimeSpan retryAfter, BlockedReason reason) => new(
        new(ProblemTypes.CredentialBusy, "Try again later.", 503)
        {
            Detail = $"The credential is not available at the moment ({reason}).",
            Error = "The credential is not available at the moment",
            BlockedReason = reason.Word,
            RetryAfter = retryAfter,
        });

    public static Problem NeedsReauth(McpServerId server) => new(new(ProblemTypes.NeedsReauth, "The user has to connect to the MCP server.", 409)
    {
        AwaitingInputReason = "needs-oauth-reauth",
        McpServerId = server.Value,
    });

    public static Problem ServerFailed(McpFailure failure) => new(new(ProblemTypes.ServerFailed, "The MCP server did not answer as it should.", 503)
    {
        Detail = failure.Message,
        Error = "The MCP server could not be reached to list its tools",
        Code = failure.Code,
        RetryAfter = TimeSpan.FromSeconds(5),
    });

    public static Problem Unprocessable(string type, string message) => new(new(type, "The request contradicts an earlier one.", 422)
    {
        Detail = message,
        Error = message,
    });

    public static Problem UnsupportedCharset() => new(new(ProblemTypes.UnsupportedCharset, "The body is in another charset than UTF-8.", 415)
    {
        Detail = "JSON is read as UTF-8 only: leave the charset out of the Content-Type, or say charset=utf-8.",
        Error = "Unsupported charset",
    });

    /// <summary>For an answer that so far is a bare status.</summary>
    public static Problem ForStatus(int status)
    {
        var (type, title, error) = status switch
        {
            401 => (ProblemTypes.Unauthorized, "A valid bearer token is required.", "Unauthorized"),
            403 => (ProblemTypes.CrossSite, "A request that authenticates by cookie and changes state must be same-origin.", "Forbidden"),
            404 => (ProblemTypes.NotFound, "There is nothing at this path.", "Not found"),
            405 => (ProblemTypes.MethodNotAllowed, "The path does not take this method.", "Method not allowed"),
            408 => (ProblemTypes.RequestTimeout, "The body arrived too slowly.", "Request timeout"),
            413 => (ProblemTypes.TooLarge, "The body is larger than 1 MiB.", "Payload too large"),
            503 => (ProblemTypes.Overloaded, "The node is busy.", "Service unavailable"),
            >= 500 => (ProblemTypes.Internal, "Something unexpected happened.", "Internal server error"),
            _ => (ProblemTypes.InvalidRequest, "The request is not valid.", "Bad request"),
        };
        return new(new(type, title, status) { Error = error, RetryAfter = status == 503 ? TimeSpan.FromSeconds(1) : null });
    }

    public Task ExecuteAsync(HttpContext httpContext)
    {
        var response = httpContext.Response;
        response.StatusCode = body.Status;
        if (body.RetryAfter is { } wait)
        {
            var seconds = Math.Clamp((long)Math.Ceiling(wait.TotalSeconds), 1, 86_400);
            response.Headers.RetryAfter = seconds.ToString(CultureInfo.InvariantCulture);
        }

        return response.WriteAsJsonAsync(body, ExecutorJson.Wire.ProblemBody, ContentType, httpContext.RequestAborted);
    }
}
