using System.Diagnostics;
using Executor.Credentials;
using Executor.Runs.Scheduling;
using Executor.Runs.Transitions;
using Executor.Servers;
using Microsoft.Extensions.Logging;

namespace Executor.Runs.Driving;

/// <summary>
/// Executes one claimed run, step by step, until it waits, ends, or is no longer this node's. Asks for a token and calls the tool
/// without holding a lock or a transaction; what it writes is decided by <see cref="DriverMoves"/>.
/// </summary>
internal sealed partial class RunDriver(
    DriverParts parts, RunActivity activity, RunSlots.Slot slot, RunRecord claimed, ILogger<RunDriver> logger)
{
    /// <summary>A credential that changes as often while a run parks on it is busy: the run waits its turn.</summary>
    private const int MaxLostParks = 3;

    private static readonly TimeSpan _databasePause = TimeSpan.FromSeconds(1);

    private readonly RunClaim _claim = activity.Claim;
    private readonly RunRow _run = claimed.Run;
    private readonly List<StepRow> _steps = [.. claimed.Steps];
    private int _position = claimed.Run.Position;
    private int _lostParks;

    /// <summary>The row as it was committed last; null when it has to be looked at.</summary>
    private RunRow? _row = claimed.Run;

    /// <summary>The current step's call, once its beginning is committed.</summary>
    private PreparedCall? _call;

    /// <summary>When the attempt before the current one was begun.</summary>
    private DateTimeOffset? _begunBefore;

    /// <summary>What left an earlier attempt's outcome unknown, to be written with the next move: the row does not say it yet.</summary>
    private Interruption? _unknown;

    /// <summary>The next step's, while its authorisation is still awaited.</summary>
    private (RenderedStep Rendered, Task<McpAuthorization>? Authorization)? _ahead;

    private enum Flow
    {
        /// <summary>The current step is to be begun.</summary>
        Prepare,

        /// <summary>The current step has begun: call.</summary>
        Call,

        /// <summary>The current step's call may or may not have taken effect.</summary>
        Resolve,
        Ended,
    }

    private StepRow Current
    {
        get => _steps[_position];
        set => _steps[_position] = value;
    }

    private StepRow Unbegun => Current with { Interruption = Current.Interruption ?? _unknown };

    private StepDefinition? Next => _position + 1 < _steps.Count ? _steps[_position + 1].Definition : null;

    private CredentialKey Credential => new(_run.User, Current.Definition.Server);

    /// <summary>Its name as a prober, for the time when the server refuses tokens and it is this run's turn to try one.</summary>
    private ProbeId Probe => new(_claim.Run.Value);

    /// <summary>No further step may begin here: the node stops, is unsure of its heartbeat, or lives in another incarnation by now.</summary>
    private bool MustStop => !parts.Liveness.MayStartSteps || parts.Liveness.Self != _claim.Owner;

    public async Task DriveAsync()
    {
        using (slot)
        {
            try
            {
                var flow = await BeginAsync();
                while (flow != Flow.Ended)
                {
                    flow = flow switch
                    {
                        Flow.Prepare => await PrepareAsync(),
                        Flow.Call => await CallAsync(),
                        Flow.Resolve => await ResolveAsync(),
                        _ => throw new UnreachableException(),
                    };
                }
            }
            catch (Exception defect)
            {
                // The type only: the message may carry what must not be logged. The run must not stay running with nobody at it.
                Log.Defect(logger, _claim.Run, _position, defect.GetType().Name);
                await GiveUpAsync();
            }
        }
    }

    private async Task<Flow> BeginAsync()
    {
        if (_run.CancelRequested)
            return await MoveAsync(DriverMoves.Cancel, "cancelled");
        return Current.Status == StepStatus.Executing ? Flow.Resolve : Flow.Prepare;
    }

    private async Task<Flow> PrepareAsync()
    {
        if (MustStop)
            return await GiveBackAsync(Current);
        var (rendered, pending) = _ahead ?? (await RenderAsync(_position, latest: null), null);
        _ahead = null;
        if (rendered is RenderedStep.Broken broken)
            return await FailAsync(Unbegun, broken.Error);
        var ready = (RenderedStep.Ready)rendered;
        var authorization = await (pending ?? AuthorizeAsync(ready));
        if (authorization is McpAuthorization.Denied denied)
            return await DeniedAsync(denied.Outcome);

        // The wait for a token may have been long.
        if (MustStop)
            return await GiveBackAsync(Current);
        var executing = Begun(Unbegun);
        _begunBefore = Current.StartedAt;
        var outcome = await WriteAsync(ledger => DriverMoves.Begin(ledger, executing));
        if (outcome != MoveOutcome.Applied)
            return End(outcome, "cancelled");
        _call = new PreparedCall(ready, authorization);
        return Flow.Call;
    }

    private Task<RenderedStep> RenderAsync(int index, System.Text.Json.JsonElement? latest) =>
        parts.Renderer.RenderAsync(_claim, _run, _steps, index, latest);

    private async Task<McpAuthorization> AuthorizeAsync(RenderedStep.Ready ready)
    {
        try
        {
            return await parts.Mcp.AuthorizeAsync(_run.User, ready.Server, Probe, CancellationToken.None);
        }
        catch (StoreUnavailableException)
        {
            return new McpAuthorization.Denied(new TokenOutcome.Unavailable(_databasePause) { Reason = BlockedReason.DatabaseUnavailable });
        }
    }

    private Task<Flow> DeniedAsync(TokenOutcome outcome) => outcome switch
    {
        TokenOutcome.NeedsReauth needs => ParkAsync(Unbegun with { Status = StepStatus.Pending }, needs.Seen, Flow.Prepare),
        TokenOutcome.Unavailable busy => BlockAsync(Unbegun with { Status = StepStatus.Pending }, busy.RetryAfter, busy.Reason, GiveUpBlocked),
        TokenOutcome.EncryptionKeyMissing => FailAsync(Unbegun, _keyMissing),
        _ => throw new UnreachableException(),
    };

    /// <summary>The end of this step and, when everything for it is at hand, the beginning of the next, in one transaction.</summary>
    private async Task<Flow> CompleteAsync(McpToolResult result)
    {
        var done = Current with { Status = StepStatus.Succeeded, Result = result.Result.GetRawText(), Error = null, Interruption = null };
        var next = Next;
        var (after, call) = next is null ? (new AfterStep.Keep(), null) : await LookAheadAsync(next, result);
        var outcome = await WriteAsync(ledger => DriverMoves.Complete(ledger, done, next, after));
        if (outcome is MoveOutcome.Refused)
            return End(outcome, "");
        parts.Metrics.Step("succeeded");
        if (outcome is MoveOutcome.Ended)
            return Flow.Ended;

        _position++;
        (_lostParks, _unknown) = (0, null);
        if (outcome is MoveOutcome.AppliedAlone)
            return Flow.Prepare;
        _call = call;
        return Flow.Call;
    }

    private async Task<(AfterStep After, PreparedCall? Call)> LookAheadAsync(StepDefinition next, McpToolResult result)
    {
        if (MustStop || !slot.TryMove(next.Server))
            return (new AfterStep.Queue(), null);
        var rendered = await RenderAsync(_position + 1, result.Result);
        if (rendered is not RenderedStep.Ready ready)
        {
            _ahead = (rendered, null);
            return (new AfterStep.Keep(), null);
        }

        var authorization = AuthorizeAsync(ready);
        if (authorization.IsCompletedSuccessfully && await authorization is var at && at is not McpAuthorization.Denied)
            return (new AfterStep.Begin(Begun(_steps[_position + 1])), new PreparedCall(ready, at));

        // The result must not wait for a token: it is committed alone, and the wait goes on beside.
        _ahead = (ready, authorization);
        return (new AfterStep.Keep(), null);
    }

    private static StepRow Begun(StepRow step) =>
        step with { Status = StepStatus.Executing, Attempts = step.Attempts + 1, Error = null };

    /// <summary>A defect of ours: the user may try again where nothing ran, and is asked where something may have.</summary>
    private Task<MoveOutcome> GiveUpAsync()
    {
        var step = Current;
        _row = null;
        return WriteAsync(ledger => ledger.Current is { Status: StepStatus.Executing }
            ? DriverMoves.Interrupt(ledger, ledger.Current with { Interruption = Interruption.InternalError })
            : FailOrInterrupt(ledger, step with { Result = null }, _internal));
    }

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Error, Message = "Run {Run} stopped at step {Step} with an unexpected {ExceptionType}")]
        public static partial void Defect(ILogger logger, RunId run, int step, string exceptionType);

        [LoggerMessage(Level = LogLevel.Error, Message = "The call of run {Run}, step {Step} ended with an unexpected {ExceptionType}; its outcome is taken for unknown")]
        public static partial void CallDefect(ILogger logger, RunId run, int step, string exceptionType);

        [LoggerMessage(Level = LogLevel.Debug, Message = "Run {Run} waits at step {Step}: {Reason}")]
        public static partial void Parked(ILogger logger, RunId run, int step, AwaitingReason reason);

        [LoggerMessage(Level = LogLevel.Debug, Message = "Run {Run} fails at step {Step} with {Code}")]
        public static partial void Failed(ILogger logger, RunId run, int step, string code);

        [LoggerMessage(Level = LogLevel.Information, Message = "Run {Run} is no longer this node's; nothing more is written")]
        public static partial void Refused(ILogger logger, RunId run);
    }

    private sealed record PreparedCall(RenderedStep.Ready Step, McpAuthorization Authorization);
}
