using Executor.Http.Authentication;
using Executor.Http.Bodies;
using Executor.Http.Description;
using Executor.Http.Problems;
using Executor.Runs;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;

namespace Executor.Http.Runs;

internal static class RunEndpoints
{
    private const int PageSize = 50;

    public static void MapRuns(this IEndpointRouteBuilder routes)
    {
        var group = routes.MapGroup("/runs").WithTags("Runs");
        group.MapPost("/", StartAsync)
            .WithName("StartRun")
            .WithSummary("Stores a run and starts it; 200 with the earlier run when the idempotency key was used for the same body before.")
            .TakesJson(typeof(NewRunBody))
            .TakesHeader(IdempotencyKeyHeader.Name, "Makes a repetition safe; at most 255 characters.")
            .Problems(400, 413, 415, 422)
            .RequireRateLimiting(Overload.Work);
        group.MapGet("/", ListAsync)
            .WithName("ListRuns")
            .WithSummary("The caller's runs, newest first, without their steps.")
            .TakesQuery("status", "Only runs in this status.")
            .TakesQuery("mcpServerId", "Only runs with a step for this server.")
            .TakesQuery("cursor", "The `nextCursor` of an earlier answer.")
            .Problems(400)
            .RequireRateLimiting(Overload.Work);
        group.MapGet("/{id}", ReadAsync)
            .WithName("ReadRun")
            .WithSummary("One run with its steps and results.")
            .Problems(404)
            .RequireRateLimiting(Overload.Work);
        group.MapRunMoves();
        group.MapGet("/{id}/events", RunEvents.StreamAsync)
            .WithName("WatchRun")
            .WithSummary("Server-sent events: the run's snapshot now and after each change, until it has ended; 204 to a client that has seen the end.")
            .TakesHeader("Last-Event-ID", "As browsers send it when they reconnect.")
            .Answers(200, typeof(RunBody), RunEvents.ContentType)
            .Answers(204)
            .Problems(404)
            .RequireRateLimiting(Overload.Streams);
    }

    private static async Task<Results<Created<RunBody>, Ok<RunBody>, Problem>> StartAsync(
        Caller caller, HttpRequest request, IRuns runs, CancellationToken cancellationToken)
    {
        if ((await JsonBody.ReadAsync(request)).IsRefused(out var refusal, out var body))
            return refusal;
        using (body)
        {
            var issues = new BodyIssues();
            var run = NewRunReader.Read(body.Root, issues);
            if (issues.Any)
                return issues.ToProblem();
            if (IdempotencyKeyHeader.Read(request, body.Root, out var key) is { } badKey)
                return badKey;
            switch (await runs.StartAsync(caller.User, run, key, cancellationToken))
            {
                case StartOutcome.Started { Run: var started }:
                    return TypedResults.Created(Location(request, started), RunBody.Of(started));
                case StartOutcome.Repeated { Run: var earlier }:
                    request.HttpContext.Response.Headers.Location = Location(request, earlier);
                    return TypedResults.Ok(RunBody.Of(earlier));
                case StartOutcome.Invalid { Reason: var reason }:
                    return BodyIssues.Refused(reason);
                default:
                    return Problem.Unprocessable(ProblemTypes.KeyReused, $"The {IdempotencyKeyHeader.Name} was used for another request before");
            }
        }
    }

    private static async Task<Results<Ok<RunPageBody>, Problem>> ListAsync(
        Caller caller, HttpRequest request, IRuns runs, CancellationToken cancellationToken)
    {
        if (RunQuery.Read(request.Query, out var filter) is { } problem)
            return problem;
        var found = await runs.ListAsync(caller.User, filter, PageSize + 1, cancellationToken);
        var page = found.Take(PageSize).Select(RunBody.Of).ToArray();
        return TypedResults.Ok(new RunPageBody(page) { NextCursor = found.Count > PageSize ? RunCursor.Write(found[PageSize - 1].Id) : null });
    }

    private static async Task<Results<Ok<RunBody>, Problem>> ReadAsync(
        Caller caller, string id, IRuns runs, CancellationToken cancellationToken) =>
        RunId.TryParse(id, out var run) && await runs.For(run).ReadAsync(caller.User, cancellationToken) is { } record
            ? TypedResults.Ok(RunBody.Of(record))
            : RunProblems.Unknown();

    private static string Location(HttpRequest request, RunRecord run) => $"{request.PathBase}/runs/{run.Run.Id}";
}
