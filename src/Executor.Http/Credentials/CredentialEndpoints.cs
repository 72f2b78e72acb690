using Executor.Credentials;
using Executor.Http.Authentication;
using Executor.Http.Bodies;
using Executor.Http.Description;
using Executor.Http.Problems;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;

namespace Executor.Http.Credentials;

internal static class CredentialEndpoints
{
    private const string Path = "/mcp-oauth-credentials";

    public static void MapCredentials(this IEndpointRouteBuilder routes)
    {
        var group = routes.MapGroup(Path).WithTags("Credentials").RequireRateLimiting(Overload.Work);
        group.MapPost("/", DepositAsync)
            .WithName("DepositCredential")
            .WithSummary("Deposits the caller's refresh token for one MCP server; runs that wait for it wake up.")
            .TakesJson(typeof(DepositBody))
            .Problems(400, 409, 413, 415, 503);
        group.MapDelete("/{**mcpServerId}", DeleteAsync)
            .WithName("DeleteCredential")
            .WithSummary("Forgets the caller's credential for one MCP server.")
            .TakesPath("mcpServerId", "Percent-encoded; decoded exactly once.")
            .Problems(400, 503);
    }

    private static async Task<Results<Ok<StoredBody>, Problem>> DepositAsync(
        Caller caller, HttpRequest request, ICredentials credentials, TimeProvider time, CancellationToken cancellationToken)
    {
        if ((await JsonBody.ReadAsync(request)).IsRefused(out var refusal, out var body))
            return refusal;
        using (body)
        {
            var issues = new BodyIssues();
            var (server, deposit) = DepositReader.Read(body.Root, time.GetUtcNow(), issues);
            if (issues.Any)
                return issues.ToProblem();
            var outcome = await credentials.For(new CredentialKey(caller.User, server)).DepositAsync(deposit, cancellationToken);
            return outcome switch
            {
                DepositOutcome.Stored => TypedResults.Ok(new StoredBody(true)),
                DepositOutcome.EndpointRefused refused => BodyIssues.Single("tokenEndpoint", refused.Reason),
                DepositOutcome.TooMany many => Problem.Conflict(
                    ProblemTypes.TooManyCredentials, $"One user may have {many.Limit} credentials; delete one first."),
                DepositOutcome.EncryptionKeyMissing => Problem.EncryptionKeyMissing(),
                _ => throw new InvalidOperationException("An outcome that is not known."),
            };
        }
    }

    private static async Task<Results<NoContent, Problem>> DeleteAsync(
        Caller caller, HttpContext context, ICredentials credentials, CancellationToken cancellationToken)
    {
        if (!PathServerId.TryRead(context, Path + "/", out var server))
            return Problem.InvalidRequest("The path does not end in an MCP server id.");
        await credentials.For(new CredentialKey(caller.User, server)).DeleteAsync(cancellationToken);
        return TypedResults.NoContent();
    }
}
