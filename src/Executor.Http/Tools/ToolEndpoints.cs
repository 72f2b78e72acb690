using Executor.Credentials;
using Executor.Http.Authentication;
using Executor.Http.Description;
using Executor.Http.Problems;
using Executor.Identity;
using Executor.Servers;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;

namespace Executor.Http.Tools;

internal static class ToolEndpoints
{
    private const string ServerParameter = "mcpServerId";

    public static void MapTools(this IEndpointRouteBuilder routes) => routes.MapGet("/list-mcp-tools", ListAsync)
        .WithTags("Tools")
        .WithName("ListMcpTools")
        .WithSummary("Lists an MCP server's tools as the caller sees them.")
        .TakesQuery(ServerParameter, "Exactly one.", required: true)
        .Problems(400, 404, 409)
        .RequireRateLimiting(Overload.Upstream);

    /// <summary>The one server that the request names.</summary>
    public static McpServer? FindServer(HttpRequest request, IMcpServerCatalog servers) =>
        request.Query[ServerParameter] is [{ } text] && McpServerId.TryParse(text, out var id) ? servers.Find(id) : null;

    private static async Task<Results<Ok<ToolListBody>, Problem>> ListAsync(
        Caller caller, HttpRequest request, IMcpServerCatalog servers, AuthorizedMcp mcp, CancellationToken cancellationToken)
    {
        var ids = request.Query[ServerParameter];
        if (ids.Count != 1 || string.IsNullOrEmpty(ids[0]))
            return Problem.InvalidRequest($"Missing required query parameter \"{ServerParameter}\"");
        if (FindServer(request, servers) is not { } server)
            return Problem.NotFound(ProblemTypes.ServerUnknown, "No MCP server is configured for this id");
        return await mcp.ListToolsAsync(caller.User, server, ProbeId.New(), cancellationToken) switch
        {
            AuthorizedOutcome<McpToolList>.Completed completed => TypedResults.Ok(ToolListBody.Of(completed.Value)),
            AuthorizedOutcome<McpToolList>.NeedsReauth => Problem.NeedsReauth(server.Id),
            AuthorizedOutcome<McpToolList>.Unavailable busy => Problem.CredentialBusy(busy.RetryAfter, busy.Reason),
            AuthorizedOutcome<McpToolList>.EncryptionKeyMissing => Problem.EncryptionKeyMissing(),
            AuthorizedOutcome<McpToolList>.Failed failed => Problem.ServerFailed(failed.Failure),
            _ => throw new InvalidOperationException("An outcome that is not known."),
        };
    }
}
