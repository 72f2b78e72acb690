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

/// <summary>Triggering and cancelling.</summary>
internal static class RunMoves
{
    public static void MapRunMoves(this IEndpointRouteBuilder runs)
    {
        runs.MapPost("/{id}/trigger", TriggerAsync)
            .WithName("TriggerRun")
            .WithSummary("Goes on with a run that nobody is at; an action decides about its step: retry it at once, or skip it.")
            .TakesJson(typeof(TriggerBody), required: false)
            .Problems(400, 404, 409, 413, 415)
            .RequireRateLimiting(Overload.Work);
        runs.MapPost("/{id}/cancel", CancelAsync)
            .WithName("CancelRun")
            .WithSummary("Ends a run; 202 while a call in flight is being told.")
            .Answers(200, typeof(CancelledBody))
            .Answers(202, typeof(CancelledBody))
            .Problems(404, 409)
            .RequireRateLimiting(Overload.Work);
    }

    private static async Task<Results<Ok<TriggeredBody>, Problem>> TriggerAsync(
        Caller caller, string id, HttpRequest request, IRuns runs, CancellationToken cancellationToken)
    {
        var (action, problem) = await ReadActionAsync(request);
        if (problem is not null)
            return problem;
        if (!RunId.TryParse(id, out var run))
            return RunProblems.Unknown();
        return await runs.For(run).TriggerAsync(caller.User, action, cancellationToken) switch
        {
            TriggerOutcome.Triggered => TypedResults.Ok(new TriggeredBody(true)),
            TriggerOutcome.AlreadyRunning => RunProblems.Busy(),
            TriggerOutcome.Unknown => RunProblems.Unknown(),
            TriggerOutcome.Finished => RunProblems.Finished(),
            TriggerOutcome.ActionRequired => Problem.Conflict(
                ProblemTypes.ActionRequired, "Nobody knows whether the step took effect: send {\"action\":\"retry\"} or {\"action\":\"skip\"}"),
            TriggerOutcome.ActionNotAllowed => Problem.Conflict(
                ProblemTypes.ActionNotAllowed, "There is nothing to decide: the run's end has been asked for"),
            _ => throw new InvalidOperationException("An outcome that is not known."),
        };
    }

    private static async ValueTask<(TriggerAction? Action, Problem? Problem)> ReadActionAsync(HttpRequest request)
    {
        if (!JsonBody.IsPresent(request))
            return default;
        if ((await JsonBody.ReadAsync(request)).IsRefused(out var refusal, out var body))
            return (null, refusal);
        using (body)
        {
            var issues = new BodyIssues();
            var action = NewRunReader.ReadAction(body.Root, issues);
            return issues.Any ? (null, issues.ToProblem()) : (action, null);
        }
    }

    private static async Task<Results<Ok<CancelledBody>, Accepted<CancelledBody>, Problem>> CancelAsync(
        Caller caller, string id, IRuns runs, CancellationToken cancellationToken)
    {
        if (!RunId.TryParse(id, out var run))
            return RunProblems.Unknown();
        return await runs.For(run).CancelAsync(caller.User, cancellationToken) switch
        {
            CancelOutcome.Cancelled => TypedResults.Ok(new CancelledBody(true)),
            CancelOutcome.Requested => TypedResults.Accepted((string?)null, new CancelledBody(false)),
            CancelOutcome.Unknown => RunProblems.Unknown(),
            CancelOutcome.Finished => RunProblems.Finished(),
            _ => throw new InvalidOperationException("An outcome that is not known."),
        };
    }
}
