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
}
