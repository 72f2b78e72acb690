using System.Diagnostics;
using Executor.Credentials;
using Executor.Runs.Transitions;
using Executor.Servers;

namespace Executor.Runs.Driving;

internal sealed partial class RunDriver
{
    private async Task<Flow> CallAsync()
    {
        var (ready, authorization) = _call!;
        _call = null;
        var definition = Current.Definition;
        var timeout = definition.Timeout is { } own && own > TimeSpan.Zero ? own : parts.Options.StepTimeout;

        using var limit = new CallLimit(timeout, parts.Options.MaxStepTimeout, parts.Time);
        using var over = new CancellationTokenSource();
        var ended = over.Token;

        // The same key for every attempt, a retry that the user asks for included. Nobody knows whether an earlier attempt took
        // effect, and a server that remembers keys can tell by it.
        var call = new McpToolCall(definition.Tool, ready.Arguments, $"{_claim.Run}/{Current.Index}", timeout)
        {
            Longest = limit.Most,
            OnProgress = said =>
            {
                limit.Extend();
                parts.Progress.Report(_claim.Run, new StepProgress(definition.Id, said), ended);
            },
        };
        var stop = activity.BeginCall();
        await using var limited = limit.Passed.Register(() => stop.Stop(StopReason.TimedOut));
        var watch = WatchAsync(stop, ended);
        var began = parts.Time.GetTimestamp();
        AuthorizedOutcome<McpToolResult>? outcome = null;
        try
        {
            outcome = await parts.Mcp.CallToolAsync(_run.User, ready.Server, authorization, call, stop.Token);
        }
        catch (OperationCanceledException) when (stop.Reason != StopReason.None)
        {
            // Why, the reason tells.
        }
        catch (StoreUnavailableException)
        {
            // Only the credential's owner asks the database: no token, so nothing ran (a 401 that led there included).
            outcome = new AuthorizedOutcome<McpToolResult>.Unavailable(_databasePause) { Reason = BlockedReason.DatabaseUnavailable };
        }
        catch (Exception defect)
        {
            // Whatever it was, the request may be out.
            Log.CallDefect(logger, _claim.Run, _position, defect.GetType().Name);
        }

        over.Cancel();
        parts.Progress.End(_claim.Run);
        await watch;
        parts.Metrics.Called(parts.Time.GetElapsedTime(began));
        activity.EndCall(stop);
        return outcome is not null ? await SettleAsync(outcome) : await StoppedAsync(stop.Reason);
    }

    /// <summary>Looks at the row when it was announced as changed, and now and then in case that was lost.</summary>
    private async Task WatchAsync(CallStop stop, CancellationToken over)
    {
        await activity.EndAsked.WaitAsync(parts.Options.YoungCall, over);
        while (!over.IsCancellationRequested)
        {
            await activity.Changed.WaitAsync(parts.Options.Sweep, over);
            if (over.IsCancellationRequested)
                return;
            var row = await parts.Writer.LookAsync(_claim, CancellationToken.None);
            if (row is null)
                continue;
            if (!_claim.Holds(row))
                stop.Stop(StopReason.ClaimLost);
            else if (row.CancelRequested)
                stop.Stop(StopReason.CancelRequested);
        }
    }

    private Task<Flow> SettleAsync(AuthorizedOutcome<McpToolResult> outcome)
    {
        var taken = Current.TakenBack(_begunBefore);

        // Where only an earlier attempt may have had an effect, that one is asked about.
        var unrun = Current.Interruption is null ? Current : taken;
        switch (outcome)
        {
            case AuthorizedOutcome<McpToolResult>.Completed { Value: { IsError: false } result }:
                return CompleteAsync(result);
            case AuthorizedOutcome<McpToolResult>.Completed { Value: var failed }:
                return FailAsync(Current with { Result = failed.Result.GetRawText() }, _toolFailed);
            case AuthorizedOutcome<McpToolResult>.NeedsReauth seen:
                return ParkAsync(taken, seen.Seen, Flow.Prepare);
            case AuthorizedOutcome<McpToolResult>.Unavailable busy:
                return BlockAsync(taken, busy.RetryAfter, busy.Reason, GiveUpBlocked);
            case AuthorizedOutcome<McpToolResult>.EncryptionKeyMissing:
                return FailAsync(unrun, _keyMissing);
            case AuthorizedOutcome<McpToolResult>.Failed { Failure: { Effect: McpEffect.None } full } when full.MayPass:
                return BlockAsync(taken, full.RetryAfter ?? TimeSpan.Zero, BlockedReason.McpServerBusy, GiveUpBlocked);
            case AuthorizedOutcome<McpToolResult>.Failed { Failure: { Effect: McpEffect.None } failure }:
                return FailAsync(unrun, new StepError(failure.Code, failure.Message, Retryable: true));
            case AuthorizedOutcome<McpToolResult>.Failed { Failure: { Effect: McpEffect.Settled } failure }:
                return FailAsync(Current, new StepError(failure.Code, failure.Message, Retryable: false));
            case AuthorizedOutcome<McpToolResult>.Failed { Failure.Code: var code }:
                return ResolveAsync(WhatEnded(code));
            default:
                throw new UnreachableException();
        }
    }

    private Task<Flow> StoppedAsync(StopReason reason) => reason switch
    {
        StopReason.CancelRequested => MoveAsync(DriverMoves.Cancel, "cancelled"),

        // Its journal says that it was begun: whoever claims the run next decides what that means.
        StopReason.Drained => GiveBackAsync(Current with { Interruption = Interruption.NodeStopped }),
        StopReason.ClaimLost => Task.FromResult(End(MoveOutcome.Refused, "")),
        StopReason.TimedOut => ResolveAsync(Interruption.TimedOut),
        _ => ResolveAsync(Interruption.InternalError),
    };

    private static Interruption WhatEnded(string code) => code switch
    {
        McpFailureCodes.TimedOut => Interruption.TimedOut,
        McpFailureCodes.ConnectionLost or McpFailureCodes.Unreachable => Interruption.ConnectionLost,
        McpFailureCodes.HttpError => Interruption.ServerError,
        _ => Interruption.UnreadableAnswer,
    };
}
