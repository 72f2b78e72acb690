namespace Executor;

internal static class Waiting
{
    /// <summary>
    /// Completes when <paramref name="task"/> has, however it ended, on the scheduler of whoever waits. <see cref="Task.WhenAny(Task[])"/>
    /// and <c>WaitAsync</c> over a task that runs its continuations asynchronously (a delay that is cancelled does, too) go through the
    /// thread pool, whatever scheduler they are called on: between this and them nothing does.
    /// </summary>
    public static async Task Ended(this Task task) =>
        await task.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
}
