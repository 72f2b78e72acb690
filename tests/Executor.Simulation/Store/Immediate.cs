namespace Executor.Simulation.Store;

/// <summary>Work that is done when it is asked for, told as the stores tell it.</summary>
internal static class Immediate
{
    public static Task<T> Run<T>(Func<T> work, CancellationToken cancellationToken)
    {
        if (cancellationToken.IsCancellationRequested)
            return Task.FromCanceled<T>(cancellationToken);
        try
        {
            return Task.FromResult(work());
        }
        catch (Exception failure)
        {
            return Task.FromException<T>(failure);
        }
    }

    /// <summary>What has no result, for those who want one. It is done: the model answers at once.</summary>
    public static Task<bool> Told(Task done)
    {
        done.GetAwaiter().GetResult();
        return Task.FromResult(true);
    }
}
