using Executor.Identity;
using Executor.Nodes;
using Executor.Runs;
using Executor.Runs.Transitions;

namespace Executor.Tests.Runs;

/// <summary>What a user may say about a run: every status of it, every status of its step, every action.</summary>
public class DecisionTests
{
    private static readonly UserId User = UserId.From(1);
    private static readonly DateTimeOffset Now = DateTimeOffset.UnixEpoch.AddDays(20_000);
    private static readonly StepDefinition Definition = new("a", McpServerId.From("s"), "t", "{}", null, OnUnknown.ByAnnotations);

    /// <summary>A run that nobody is at, and one that somebody is at; how it came to be so.</summary>
    private static readonly Dictionary<string, RunRow> Runs = new(StringComparer.Ordinal)
    {
        ["queued"] = Run(RunStatus.Pending),
        ["postponed"] = Run(RunStatus.Pending) with { NotBefore = Now.AddSeconds(5) },
        ["blocked"] = Run(RunStatus.Pending) with { NotBefore = Now.AddSeconds(5), BlockedSince = Now.AddHours(-1) },
        ["hastened"] = Run(RunStatus.Pending) with { BlockedSince = Now.AddHours(-1) },
        ["ending"] = Run(RunStatus.Pending) with { CancelRequested = true },
        ["running"] = Run(RunStatus.Running) with { Owner = new NodeRef("n", 1) },
        ["parked"] = Run(RunStatus.AwaitingInput) with { AwaitingReason = AwaitingReason.NeedsOAuthReauth, AwaitedServer = Definition.Server },
        ["interrupted"] = Run(RunStatus.AwaitingInput) with { AwaitingReason = AwaitingReason.Interrupted },
        ["failed"] = Run(RunStatus.Failed) with { FinishedAt = Now },
        ["succeeded"] = Run(RunStatus.Succeeded) with { FinishedAt = Now },
        ["cancelled"] = Run(RunStatus.Cancelled) with { FinishedAt = Now },
    };

    private static readonly Dictionary<string, StepRow> Steps = new(StringComparer.Ordinal)
    {
        ["pending"] = Step(StepStatus.Pending),
        ["executing"] = Step(StepStatus.Executing) with { Attempts = 2, StartedAt = Now.AddMinutes(-1), Interruption = Interruption.ConnectionLost },
        ["failed"] = Step(StepStatus.Failed) with { Error = new StepError("c", "m", Retryable: false), FinishedAt = Now },
        ["retryable"] = Step(StepStatus.Failed) with { Error = new StepError("c", "m", Retryable: true), FinishedAt = Now },
        ["cancelled"] = Step(StepStatus.Cancelled) with { FinishedAt = Now },
    };

    /// <summary>
    /// <c>again</c> looks again at what it waits for, <c>retries</c> begins the step anew, <c>skips</c> goes on with the next, <c>ends</c>
    /// cancels; else the refusal.
    /// </summary>
    public static TheoryData<string, string, string, string, string, string> Table() => new()
    {
        // run          step         no action    retry        skip         cancel
        { "queued",      "pending",   "busy",      "busy",      "busy",      "ends" },
        { "queued",      "executing", "busy",      "retries",   "skips",     "ends" }, // its node died
        { "postponed",   "pending",   "again",     "retries",   "skips",     "ends" },
        { "postponed",   "executing", "again",     "retries",   "skips",     "ends" },
        { "blocked",     "pending",   "again",     "retries",   "skips",     "ends" },
        { "blocked",     "executing", "again",     "retries",   "skips",     "ends" },
        { "hastened",    "pending",   "busy",      "retries",   "skips",     "ends" },
        { "hastened",    "executing", "busy",      "retries",   "skips",     "ends" },
        { "ending",      "pending",   "busy",      "too late",  "too late",  "ends" }, // its node died before it could end it
        { "ending",      "executing", "busy",      "too late",  "too late",  "ends" },
        { "running",     "pending",   "busy",      "busy",      "busy",      "asks" }, // a dead node's too, until it is taken over
        { "running",     "executing", "busy",      "busy",      "busy",      "asks" },
        { "parked",      "pending",   "again",     "retries",   "skips",     "ends" },
        { "parked",      "executing", "again",     "retries",   "skips",     "ends" },
        { "interrupted", "pending",   "say which", "retries",   "skips",     "ends" },
        { "interrupted", "executing", "say which", "retries",   "skips",     "ends" },
        { "failed",      "retryable", "retries",   "retries",   "skips",     "over" },
        { "failed",      "failed",    "over",      "over",      "over",      "over" },
        { "succeeded",   "",          "over",      "over",      "over",      "over" },
        { "cancelled",   "cancelled", "over",      "over",      "over",      "over" },
    };

    [Theory]
    [MemberData(nameof(Table))]
    public void Decision_has_one_answer_for_every_run_and_step(string run, string step, string none, string retry, string skip, string cancel)
    {
        var ledger = new RunLedger(Runs[run], step.Length == 0 ? null : Steps[step], Now, StillAsSeen: true);
        foreach (var next in new[] { Definition with { Id = "b" }, null })
        {
            Check(ledger, null, next, none);
            Check(ledger, TriggerAction.Retry, next, retry);
            Check(ledger, TriggerAction.Skip, next, skip);
        }

        var cancelled = UserMoves.Cancel(ledger, User);
        Assert.Equal(
            cancel switch { "ends" => CancelOutcome.Cancelled, "asks" => CancelOutcome.Requested, _ => CancelOutcome.Finished }, cancelled.Result);
        if (cancel == "ends")
        {
            Assert.Equal((RunStatus.Cancelled, Now), (cancelled.Run!.Status, cancelled.Run.FinishedAt));
            Assert.Equal((StepStatus.Cancelled, Now), (cancelled.Steps![0].Status, cancelled.Steps[0].FinishedAt));
        }
    }

    [Fact]
    public void Table_has_every_run_with_every_step_that_it_may_be_at()
    {
        var rows = Table().Select(row => (Run: (string)row[0], Step: (string)row[1])).ToHashSet();
        foreach (var (name, run) in Runs)
        {
            string[] steps = run.Status switch
            {
                RunStatus.Failed => ["failed", "retryable"],
                RunStatus.Succeeded => [""],
                RunStatus.Cancelled => ["cancelled"],
                _ => ["pending", "executing"],
            };
            Assert.All(steps, step => Assert.Contains((name, step), rows));
        }
    }

    [Fact]
    public void Decision_about_anothers_run_is_about_an_unknown_one()
    {
        var ledger = new RunLedger(Runs["interrupted"], Steps["executing"], Now, StillAsSeen: true);

        Assert.Equal(TriggerOutcome.Unknown, UserMoves.Trigger(ledger, UserId.From(2), TriggerAction.Retry, null, null).Result);
        Assert.Equal(CancelOutcome.Unknown, UserMoves.Cancel(ledger, UserId.From(2)).Result);
    }

    private static void Check(RunLedger ledger, TriggerAction? action, StepDefinition? next, string expected)
    {
        var (result, run, steps) = UserMoves.Trigger(ledger, User, action, ledger.Run!.Position, next);
        Assert.Equal(
            expected switch
            {
                "busy" => TriggerOutcome.AlreadyRunning,
                "say which" => TriggerOutcome.ActionRequired,
                "too late" => TriggerOutcome.ActionNotAllowed,
                "over" => TriggerOutcome.Finished,
                _ => TriggerOutcome.Triggered,
            },
            result);
        if (result != TriggerOutcome.Triggered)
        {
            Assert.Null(run);
            return;
        }

        Assert.Null(run!.NotBefore);
        Assert.Equal((AwaitingReason.None, false), (run.AwaitingReason, run.CancelRequested));
        switch (expected)
        {
            case "again":
                Assert.Equal((RunStatus.Pending, ledger.Run!.BlockedSince), (run.Status, run.BlockedSince));
                Assert.Null(steps);
                break;
            case "retries":
                Assert.Equal((RunStatus.Pending, ledger.Run!.Position, null), (run.Status, run.Position, run.BlockedSince));
                Assert.Equal(
                    ledger.Current! with { Status = StepStatus.Pending, Error = null, Interruption = null, FinishedAt = null }, Assert.Single(steps!));
                break;
            default:
                Assert.Equal((next is null ? RunStatus.Succeeded : RunStatus.Pending, ledger.Run!.Position + 1), (run.Status, run.Position));
                Assert.Equal((StepStatus.Skipped, Now), (Assert.Single(steps!).Status, steps![0].FinishedAt));
                break;
        }
    }

    private static RunRow Run(RunStatus status) => new()
    {
        Id = new RunId(Guid.Empty),
        User = User,
        Name = "n",
        Input = "{}",
        Status = status,
        StepCount = 2,
        CreatedAt = Now.AddDays(-1),
    };

    private static StepRow Step(StepStatus status) => new() { Index = 0, Definition = Definition, Status = status };
}
