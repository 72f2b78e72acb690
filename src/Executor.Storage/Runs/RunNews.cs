using Executor.Identity;
using Executor.Runs;
using Microsoft.Extensions.Logging;

namespace Executor.Storage.Runs;

/// <summary>
/// What became of runs, a line an event: told by the node that committed it, after the commit. Steps are not told: there are
/// thousands a second.
/// </summary>
internal sealed partial class RunNews(ILogger<RunNews> logger)
{
    public void Started(RunRow run) => Log.Started(logger, run.Id, run.User, run.StepCount, run.NextServer);

    /// <param name="steps">Journal entries that were written with it.</param>
    public void Changed(RunRow before, RunRow after, IReadOnlyList<StepRow>? steps)
    {
        if (before.Status == after.Status || !logger.IsEnabled(LogLevel.Information))
            return;
        switch (after.Status)
        {
            case RunStatus.AwaitingInput:
                var reason = RunWords.Awaiting.Of(after.AwaitingReason);
                Log.Parked(logger, after.Id, after.User, after.Position, reason, after.AwaitedServer ?? after.NextServer);
                break;
            case RunStatus.Pending when before.Status is RunStatus.AwaitingInput or RunStatus.Failed:
                Log.Triggered(logger, after.Id, after.User, after.Position);
                break;
            case RunStatus.Failed:
                var code = steps?.LastOrDefault(step => step.Error is not null)?.Error?.Code ?? "";
                Log.Failed(logger, after.Id, after.User, after.Position, code, Seconds(after));
                break;
            case RunStatus.Succeeded:
                Log.Succeeded(logger, after.Id, after.User, Seconds(after));
                break;
            case RunStatus.Cancelled:
                Log.Cancelled(logger, after.Id, after.User, Seconds(after));
                break;
        }
    }

    public void Woken(string run, UserId user, McpServerId server) => Log.Woken(logger, run, user, server);

    private static double Seconds(RunRow ended) => Math.Round((ended.UpdatedAt - ended.CreatedAt).TotalSeconds, 1);

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Information, Message = "Run {Run} of user {User} starts: {Steps} steps, the first at {Server}")]
        public static partial void Started(ILogger logger, RunId run, UserId user, int steps, McpServerId? server);

        [LoggerMessage(Level = LogLevel.Information, Message = "Run {Run} of user {User} parks at step {Step}: {Reason}, {Server}")]
        public static partial void Parked(ILogger logger, RunId run, UserId user, int step, string? reason, McpServerId? server);

        [LoggerMessage(Level = LogLevel.Information, Message = "Run {Run} of user {User} wakes at step {Step}: triggered by its user")]
        public static partial void Triggered(ILogger logger, RunId run, UserId user, int step);

        [LoggerMessage(Level = LogLevel.Information, Message = "Run {Run} of user {User} wakes: its credential at {Server} can be used")]
        public static partial void Woken(ILogger logger, string run, UserId user, McpServerId server);

        [LoggerMessage(Level = LogLevel.Information, Message = "Run {Run} of user {User} failed at step {Step} with {Code}, after {Seconds} s")]
        public static partial void Failed(ILogger logger, RunId run, UserId user, int step, string code, double seconds);

        [LoggerMessage(Level = LogLevel.Information, Message = "Run {Run} of user {User} succeeded, after {Seconds} s")]
        public static partial void Succeeded(ILogger logger, RunId run, UserId user, double seconds);

        [LoggerMessage(Level = LogLevel.Information, Message = "Run {Run} of user {User} was cancelled, after {Seconds} s")]
        public static partial void Cancelled(ILogger logger, RunId run, UserId user, double seconds);
    }
}
