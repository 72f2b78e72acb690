using Executor.Credentials;
using Executor.Runs;
using Executor.Storage.Databases;

namespace Executor.Storage.Runs;

internal static class RunWords
{
    public static readonly Words<RunStatus> Status = new(
        (RunStatus.Pending, "pending"),
        (RunStatus.Running, "running"),
        (RunStatus.AwaitingInput, "awaiting-input"),
        (RunStatus.Succeeded, "succeeded"),
        (RunStatus.Failed, "failed"),
        (RunStatus.Cancelled, "cancelled"));

    public static readonly Words<AwaitingReason> Awaiting = new(
        (AwaitingReason.None, "none"),
        (AwaitingReason.NeedsOAuthReauth, "needs-oauth-reauth"),
        (AwaitingReason.Interrupted, "interrupted"));

    public static readonly Words<ParkCause> Cause = new(
        (ParkCause.None, "none"),
        (ParkCause.Unusable, "unusable"),
        (ParkCause.TokenRefused, "token-refused"));

    public static readonly Words<StepStatus> Step = new(
        (StepStatus.Pending, "pending"),
        (StepStatus.Executing, "executing"),
        (StepStatus.Succeeded, "succeeded"),
        (StepStatus.Failed, "failed"),
        (StepStatus.Skipped, "skipped"),
        (StepStatus.Cancelled, "cancelled"));

    public static readonly Words<Interruption> Interruption = new(
        (Executor.Runs.Interruption.NodeDied, "node-died"),
        (Executor.Runs.Interruption.NodeStopped, "node-stopped"),
        (Executor.Runs.Interruption.TimedOut, "timeout"),
        (Executor.Runs.Interruption.ConnectionLost, "connection"),
        (Executor.Runs.Interruption.ServerError, "server-error"),
        (Executor.Runs.Interruption.UnreadableAnswer, "unreadable-answer"),
        (Executor.Runs.Interruption.InternalError, "internal-error"));

    public static readonly Words<OnUnknown> OnUnknown = new(
        (Executor.Runs.OnUnknown.ByAnnotations, "by-annotations"),
        (Executor.Runs.OnUnknown.Retry, "retry"),
        (Executor.Runs.OnUnknown.Ask, "ask"));
}
