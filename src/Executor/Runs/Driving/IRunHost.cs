namespace Executor.Runs.Driving;

/// <summary>Where a run that this node has claimed is driven: the engine's business.</summary>
public interface IRunHost
{
    /// <summary>Completes when the run has been let go of.</summary>
    /// <param name="run">Its id.</param>
    /// <param name="drive">To be done once, on whatever scheduler; ends well.</param>
    Task HostAsync(RunId run, Func<Task> drive);
}
