namespace Executor;

internal static class Waiting
{
    /// <summary>
    /// Completes when <paramref name="task"/> has, however it ended, on the scheduler of whoever waits.
    /// <see cref="Task.WhenAny(Task[])"/> and <c>WaitAsync</c> do not: over a task that runs its continuations asynchronously they go
    /// through the thread pool. A delay that is cancelled is such a task too. With this in between, nothing does.
    /// </summary>
    public static async Task Ended(this Task task) =>
        await task.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
}
