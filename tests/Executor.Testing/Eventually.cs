namespace Executor.Testing;

/// <summary>For what happens outside this process, where there is nothing to wait for but the state itself.</summary>
internal static class Eventually
{
    public static async Task TrueAsync(Func<Task<bool>> condition, TimeSpan? within = null)
    {
        using var deadline = new CancellationTokenSource(within ?? TimeSpan.FromSeconds(15));
        while (!await condition())
        {
            Assert.False(deadline.IsCancellationRequested, "What was waited for did not happen in time.");
            await Task.Delay(TimeSpan.FromMilliseconds(10), CancellationToken.None);
        }
    }
}
