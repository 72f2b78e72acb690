using Executor.Credentials.Owner;
using Executor.Http.Description;
using Executor.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Routing;

namespace Executor.Http.Health;

/// <summary>For probes, which have no token. <c>/health</c> is the reference's; the others answer the questions that orchestrators ask.</summary>
internal static class HealthEndpoints
{
    public static void MapHealth(this IEndpointRouteBuilder routes)
    {
        var group = routes.MapGroup("").WithTags("Health").AllowAnonymous();
        group.MapGet("/health", Health).WithSummary("The phase of the node's life.").Answers(200, typeof(HealthBody)).Answers(503, typeof(HealthBody));
        group.MapGet("/livez", Live).WithSummary("Answers: a process that cannot should be killed.");
        group.MapGet("/readyz", ReadyAsync).WithSummary("Whether to send requests here.").Answers(200, typeof(ProbeBody)).Answers(503, typeof(ProbeBody));
        group.MapGet("/startupz", Started).WithSummary("Whether the node has started.").Answers(200, typeof(ProbeBody)).Answers(503, typeof(ProbeBody));
    }

    private static JsonHttpResult<HealthBody> Health(NodeState node)
    {
        var (word, status) = node.Phase switch
        {
            NodePhase.Starting => ("idle", 503),
            NodePhase.Running => ("running", 200),
            NodePhase.Draining => ("draining", 200),
            _ => ("stopped", 503),
        };
        return TypedResults.Json(new HealthBody(word), statusCode: status);
    }

    private static Ok<ProbeBody> Live() => TypedResults.Ok(new ProbeBody("ok"));

    private static JsonHttpResult<ProbeBody> Started(NodeState node) =>
        Answer(node.Phase == NodePhase.Starting ? ["The node is starting."] : []);

    private static async Task<JsonHttpResult<ProbeBody>> ReadyAsync(
        NodeState node,
        DatabaseReadiness database,
        [FromServices] CredentialAlarms? alarms,
        [FromServices] INodeLiveness? liveness,
        CancellationToken cancellationToken)
    {
        var problems = new List<string>();
        if (node.Phase == NodePhase.Starting)
            problems.Add("The node is starting.");
        else if (node.Phase != NodePhase.Running)
            problems.Add("The node is stopping.");
        else if ((await database.CheckAsync().WaitAsync(cancellationToken)) is { } problem)
            problems.Add(problem);

        // No reason to send the requests elsewhere: most users' credentials open, and what needs no refresh and no step is served.
        var warnings = new List<string>();
        if (alarms?.HasUnknownKey == true)
            warnings.Add("Credentials were met that are sealed with a key that this node does not have.");
        if (alarms?.HasUndecryptable == true)
            warnings.Add("Credentials were met that are damaged.");
        if (node.Phase == NodePhase.Running && liveness is { MayOpenIntents: false })
            warnings.Add("No refresh begins here: the node is without its liveness lock.");
        if (node.Phase == NodePhase.Running && liveness is { MayStartSteps: false })
            warnings.Add("No step begins here: the node's heartbeat is overdue.");
        return Answer(problems, warnings.Count > 0 ? warnings : null);
    }

    private static JsonHttpResult<ProbeBody> Answer(List<string> problems, List<string>? warnings = null) => problems.Count == 0
        ? TypedResults.Json(new ProbeBody("ok") { Warnings = warnings }, statusCode: 200)
        : TypedResults.Json(new ProbeBody("unavailable") { Problems = problems, Warnings = warnings }, statusCode: 503);
}
