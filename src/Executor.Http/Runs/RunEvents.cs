using System.Globalization;
using System.Text;
using System.Text.Json;
using Executor.Http.Authentication;
using Executor.Http.Problems;
using Executor.Nodes;
using Executor.Runs;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.DependencyInjection;

namespace Executor.Http.Runs;

/// <summary>
/// A run's snapshots as server-sent events. Each is whole, so a client that reconnects needs no history: it gets the current one,
/// whatever its <c>Last-Event-ID</c>. The id is the run's version, which every node reads in the row. A client that names the version in
/// which the run has ended has seen all there is: 204 makes its browser stop. A comment goes out when nothing else does. So proxies keep
/// the connection, and dead clients are noticed.
/// </summary>
internal static class RunEvents
{
    public const string ContentType = "text/event-stream";

    private static readonly TimeSpan Heartbeat = TimeSpan.FromSeconds(15);
    private static readonly ReadOnlyMemory<byte> Comment = ": \n\n"u8.ToArray();

    public static async Task<IResult> StreamAsync(
        Caller caller, string id, HttpContext context, IRuns runs, NodeState node, TimeProvider time)
    {
        if (!RunId.TryParse(id, out var run))
            return RunProblems.Unknown();
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, node.Draining);
        await using var snapshots = runs.For(run).WatchAsync(caller.User, ending.Token).GetAsyncEnumerator(ending.Token);
        try
        {
            if (!await snapshots.MoveNextAsync())
                return RunProblems.Unknown();
        }
        catch (OperationCanceledException) when (node.Draining.IsCancellationRequested && !context.RequestAborted.IsCancellationRequested)
        {
            return Problem.Unavailable(
                ProblemTypes.ShuttingDown, "This node is stopping; another one has the events.", TimeSpan.FromSeconds(1));
        }

        if (HasSeenTheEnd(context.Request, snapshots.Current.Run))
            return TypedResults.NoContent();
        var response = context.Response;
        response.ContentType = ContentType;
        response.Headers["X-Accel-Buffering"] = "no";
        context.Features.Get<IHttpResponseBodyFeature>()?.DisableBuffering();
        try
        {
            // From another node than the one that makes the call, there is none to be had.
            using var progress = new ProgressFeed(context.RequestServices.GetService<IRunProgress>(), run, time, ending.Token);
            await WriteAsync(response, snapshots, progress, time, ending.Token);
        }
        catch (OperationCanceledException) when (ending.IsCancellationRequested)
        {
            // The client went away, or the node stops: the client reconnects, to another node.
        }

        return TypedResults.Empty;
    }

    private static async Task WriteAsync(
        HttpResponse response, IAsyncEnumerator<RunRecord> snapshots, ProgressFeed progress, TimeProvider time, CancellationToken cancellationToken)
    {
        do
        {
            await response.BodyWriter.WriteAsync(Event(snapshots.Current), cancellationToken);
        }
        while (await NextAsync(response, snapshots, progress, time, cancellationToken));
    }

    private static async Task<bool> NextAsync(
        HttpResponse response, IAsyncEnumerator<RunRecord> snapshots, ProgressFeed progress, TimeProvider time, CancellationToken cancellationToken)
    {
        var next = snapshots.MoveNextAsync().AsTask();
        try
        {
            while (true)
            {
                try
                {
                    await Task.WhenAny(next, progress.Next).WaitAsync(Heartbeat, time, cancellationToken);
                    if (next.IsCompleted)
                        return await next;
                    await response.BodyWriter.WriteAsync(Event(await progress.TakeAsync()), cancellationToken);
                }
                catch (TimeoutException) when (!next.IsCompleted)
                {
                    await response.BodyWriter.WriteAsync(Comment, cancellationToken);
                }
            }
        }
        finally
        {
            // An enumerator must not be disposed of while it moves; cancellation makes it stop.
            await ((Task)next).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <summary>A failed run may go on later, in another version; until then there is nothing more to say about it either.</summary>
    private static bool HasSeenTheEnd(HttpRequest request, RunRow run) =>
        run.Status is RunStatus.Succeeded or RunStatus.Failed or RunStatus.Cancelled
        && request.Headers["Last-Event-ID"] is [{ } last]
        && last == IdOf(run);

    private static string IdOf(RunRow run) => run.Version.ToString(CultureInfo.InvariantCulture);

    /// <summary>Without an id: it is no state of the run that a reconnecting client could have missed.</summary>
    private static byte[] Event(StepProgress said) =>
        Encoding.UTF8.GetBytes($"event: progress\ndata: {JsonSerializer.Serialize(ProgressBody.Of(said), ExecutorJson.Wire.ProgressBody)}\n\n");

    private static byte[] Event(RunRecord record)
    {
        // A raw line break stands between tokens only, in a result that was stored pretty-printed; in SSE it would end the field.
        var data = JsonSerializer.Serialize(RunBody.Of(record), ExecutorJson.Wire.RunBody).Replace('\r', ' ').Replace('\n', ' ');
        return Encoding.UTF8.GetBytes($"id: {IdOf(record.Run)}\nevent: run\ndata: {data}\n\n");
    }
}
