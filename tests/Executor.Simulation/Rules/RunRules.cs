using Executor.Credentials;
using Executor.Runs;
using Executor.Simulation.Cluster;
using Executor.Simulation.Store;
using Executor.Simulation.Tools;
using Executor.Simulation.Worlds;

namespace Executor.Simulation.Rules;

/// <summary>The promises about runs (docs/INVARIANTS.md), said once more and independently. They are looked at after every commit.</summary>
internal sealed class RunRules(World world)
{
    private static readonly TimeSpan _soon = TimeSpan.FromSeconds(2);

    /// <summary>How often each step was begun, and what came of it.</summary>
    private readonly Dictionary<string, List<BegunStep>> _steps = new(StringComparer.Ordinal);
    private readonly Dictionary<RunId, long> _wokenAt = [];

    /// <summary>How often a user has asked for a run to be moved, and it has not been.</summary>
    private readonly Dictionary<RunId, int> _triggers = [];

    /// <summary>The user is about to move a run that waits or has failed.</summary>
    public void Triggered(RunId run) => _triggers[run] = _triggers.GetValueOrDefault(run) + 1;

    /// <summary>It was answered that nothing was moved.</summary>
    public void TriggeredInVain(RunId run) => TakeTrigger(run);

    /// <summary>
    /// A node calls the tool of a step: under a beginning of its own that it has not called under yet. There may be two, where it has lost
    /// the run and claimed it again, and its former driver is told of its commit only now.
    /// </summary>
    public BegunStep? Calling(string key, SimulatedNode node)
    {
        var begun = Of(key).LastOrDefault(begun => !begun.IsCalled && node.Incarnations.Contains(begun.Owner.Incarnation));
        Check(begun is not null, "Each call of a tool has a beginning of its own", $"{key} by {node.Label}");
        begun?.Called();
        return begun;
    }

    /// <param name="by">Whose doing it is, if it is a node's.</param>
    public void Changed(StoredRun? before, StoredRun after, ModelTables tables, SimulatedNode? by)
    {
        var (was, run) = (before?.Row, after.Row);
        world.Trace.Note("database", StatusName(run.Status), ReasonName(run.AwaitingReason), after.Order.Sequence);
        Check(was is null || run.Fence >= was.Fence, "The fence is never lowered");
        Check(was is null || run.Position >= was.Position, "A run never goes back");
        Check(was?.Status is not (RunStatus.Succeeded or RunStatus.Cancelled), "What has ended stays as it is");
        if (run.Status == RunStatus.Running && was?.Status != RunStatus.Running)
            Check(run.Fence > was?.Fence, "Every claim raises the fence");
        if (was?.Status == RunStatus.Running && run.Status == RunStatus.Running)
            Check(run.Owner == was.Owner, "A run is taken over by way of the queue");
        if (was is { Status: RunStatus.Running, Owner: { } owner } && run.Fence == was.Fence && !IsRequestToEnd(was, run))
            Check(by is null || by.Incarnations.Contains(owner.Incarnation), "A run that somebody drives is moved by nobody else", by?.Label ?? "");
        if (was?.Status == RunStatus.Pending)
            Check(run.Status is RunStatus.Pending or RunStatus.Running or RunStatus.Cancelled || IsSkipped(before!, after), "A run is driven by who has claimed it");
        if (was?.Status == RunStatus.Pending && run.Status is not (RunStatus.Running or RunStatus.Cancelled))
            MovedInQueue(before!, after, tables);
        if (was is { Status: RunStatus.Failed } or { Status: RunStatus.AwaitingInput, AwaitingReason: AwaitingReason.Interrupted }
            || (was is { Status: RunStatus.Pending or RunStatus.AwaitingInput } && IsDecided(before!, after)))
        {
            MovedByUser(after);
        }

        for (var index = 0; index < after.Steps.Count; index++)
            Journaled(run, before?.Steps[index], after.Steps[index]);
        if (was?.Status == RunStatus.AwaitingInput && run.Status is not (RunStatus.AwaitingInput or RunStatus.Cancelled))
            Woken(was, run, tables);
        if (was?.Status == RunStatus.Pending && run.Status == RunStatus.Running && _wokenAt.Remove(run.Id, out var since))
            Check(world.Plan.HasFaults || world.Timeline.Now - since < _soon.Ticks, "Without faults a run goes on as soon as it wakes");
        if (was?.Status == RunStatus.Failed)
            Check(run.Status is RunStatus.Pending or RunStatus.Succeeded && TakeTrigger(run.Id), "A failed run goes on by its user only, and once");
        if (run is { Status: RunStatus.AwaitingInput } && was?.Status != RunStatus.AwaitingInput)
            Parked(run, tables);
    }

    /// <summary>A credential was written: nobody stays parked on it for what is not the case any more.</summary>
    public void Serves(CredentialRow row, ModelTables tables)
    {
        var isRefused = row.Refusal.IsActive || !row.HoldsTokens;
        Check(
            !tables.Runs.Values.Any(run => IsParkedOn(run.Row, row.Key)
                && (run.Row.ParkCause == ParkCause.TokenRefused ? !isRefused : row.State == CredentialState.Ready)),
            "Whatever is parked on a credential wakes with it");
    }

    private static bool IsParkedOn(RunRow run, CredentialKey key) =>
        run is { Status: RunStatus.AwaitingInput, AwaitingReason: AwaitingReason.NeedsOAuthReauth }
        && run.User == key.User
        && run.AwaitedServer == key.Server;

    private void Parked(RunRow run, ModelTables tables)
    {
        world.Tally.Add("parked", ReasonName(run.AwaitingReason) ?? "");
        Check(run.AwaitingReason != AwaitingReason.None, "A run waits for a named reason");
        if (run.AwaitingReason != AwaitingReason.NeedsOAuthReauth)
            return;
        var key = new CredentialKey(run.User, run.AwaitedServer!.Value);
        var row = tables.Credentials[key].Row;
        world.Tally.Add("parked for", run.ParkCause);
        Check(
            run.ParkCause == ParkCause.TokenRefused
                ? row.Refusal.IsActive
                : row.State is CredentialState.Absent or CredentialState.NeedsReauth or CredentialState.OperatorError,
            "No run parks on a credential that serves",
            row.State.ToString());
    }

    private void Woken(RunRow was, RunRow run, ModelTables tables)
    {
        world.Tally.Add("woken", ReasonName(was.AwaitingReason) ?? "");
        if (run.Status == RunStatus.Pending)
            _wokenAt[run.Id] = world.Timeline.Now;
        if (run.Status == RunStatus.Pending && IsForCredential(was, tables))
            return;
        Check(_triggers.ContainsKey(was.Id), "A run wakes for a cause only");
        Check(TakeTrigger(was.Id), "A run wakes once for each cause");
    }

    /// <summary>Its cause may have gone in the same commit, or it is the one that is to try.</summary>
    private bool IsForCredential(RunRow was, ModelTables tables)
    {
        if (was.AwaitingReason != AwaitingReason.NeedsOAuthReauth
            || world.Written(new CredentialKey(was.User, was.AwaitedServer!.Value), tables) is not { } written)
            return false;
        var (before, now) = written;
        if (was.ParkCause != ParkCause.TokenRefused)
            return now.State == CredentialState.Ready;
        var isProber = now.Refusal.Prober?.Value == was.Id.Value && before.Refusal.ProbeDeadline != now.Refusal.ProbeDeadline;
        var isDeposit = now.Generation != before.Generation && now.MintedBy is null;
        return isProber || isDeposit || (before.Refusal.IsActive && !now.Refusal.IsActive);
    }

    /// <summary>A credential that has nothing more to wait for hastens what backs off from it, and leaves the journal as it is.</summary>
    private void MovedInQueue(StoredRun before, StoredRun after, ModelTables tables)
    {
        var isDecided = IsDecided(before, after);
        if (!isDecided && before.Row.NextServer is { } server && world.Written(new CredentialKey(before.Row.User, server), tables) is { Is.EndsWaits: true })
            return;
        Check(TakeTrigger(before.Row.Id), "What nobody is at is decided by its user only, and once");
        world.Tally.Add("decided in the queue", after.Steps[before.Row.Position].Status);
    }

    private static bool IsDecided(StoredRun before, StoredRun after) =>
        before.Current is { } current && !ReferenceEquals(before.Steps[current.Index], after.Steps[current.Index]);

    private static bool IsSkipped(StoredRun before, StoredRun after) =>
        after.Row.Status == RunStatus.Succeeded && before.Current is { } current && after.Steps[current.Index].Status == StepStatus.Skipped;

    private bool TakeTrigger(RunId run)
    {
        if (_triggers.GetValueOrDefault(run) is not (> 0 and var left))
            return false;
        _triggers[run] = left - 1;
        return true;
    }

    private void Journaled(RunRow run, StepRow? before, StepRow after)
    {
        if (ReferenceEquals(before, after))
            return;
        var key = $"{run.Id}/{after.Index}";
        Check(before?.Status is not StepStatus.Succeeded || after.Status == StepStatus.Succeeded, "What was done stays done");
        var beginnings = Of(key);
        if (after.Status == StepStatus.Succeeded && before?.Status != StepStatus.Succeeded)
            Check(beginnings.Exists(begun => begun.Executions > 0), "What is done was run");
        if (before?.Status == StepStatus.Executing && after.Status == StepStatus.Pending && beginnings.Count > 0)
            beginnings[^1].IsTakenBack = true;
        if (after.Status != StepStatus.Executing || (before?.Status == StepStatus.Executing && before.Attempts == after.Attempts))
            return;
        var mayRepeat = after.Definition.OnUnknown switch
        {
            OnUnknown.Retry => true,
            OnUnknown.Ask => false,
            _ => ToolServer.IsRepeatable(after.Definition.Tool),
        };
        Check(
            mayRepeat || beginnings.TrueForAll(begun => begun.IsForgiven || begun is { IsTakenBack: true, Executions: 0, InFlight: 0 }),
            "No step runs twice unless its tool or its definition allows it",
            key);
        beginnings.Add(new BegunStep(run.Owner!.Value));
    }

    /// <summary>The user has decided, whatever may have run by then, or may still.</summary>
    private void MovedByUser(StoredRun run)
    {
        foreach (var begun in Enumerable.Range(0, run.Steps.Count).SelectMany(index => Of($"{run.Row.Id}/{index}")))
            begun.IsForgiven = true;
    }

    private static bool IsRequestToEnd(RunRow was, RunRow run) =>
        run is { Status: RunStatus.Running, CancelRequested: true } && !was.CancelRequested && run.Position == was.Position;

    private List<BegunStep> Of(string key) => _steps.TryGetValue(key, out var step) ? step : _steps[key] = [];

    private static string StatusName(RunStatus status) => status switch
    {
        RunStatus.Pending => "run is pending",
        RunStatus.Running => "run is running",
        RunStatus.AwaitingInput => "run waits",
        RunStatus.Succeeded => "run has succeeded",
        RunStatus.Failed => "run has failed",
        _ => "run is cancelled",
    };

    private static string? ReasonName(AwaitingReason reason) => reason switch
    {
        AwaitingReason.NeedsOAuthReauth => "needs-oauth-reauth",
        AwaitingReason.Interrupted => "interrupted",
        _ => null,
    };

    private void Check(bool holds, string rule, string detail = "")
    {
        if (!holds)
            world.Fail(rule, detail);
    }
}
