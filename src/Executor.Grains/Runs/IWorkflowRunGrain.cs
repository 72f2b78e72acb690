using Orleans.CodeGeneration;

namespace Executor.Grains.Runs;

/// <summary>One run, while it is driven; the key is the run's id. What moves a run is committed in the store from where it arrives.</summary>
[Alias("executor.run"), Version(1)]
internal interface IWorkflowRunGrain : IGrainWithGuidKey
{
    /// <summary>Begins to drive the run, and returns at once; on another silo than the one that asks, does nothing.</summary>
    /// <param name="offer">What the silo has claimed it with.</param>
    [Alias("drive")]
    ValueTask DriveAsync(Guid offer);

    /// <summary>The run's row says that somebody wants its end: a call in flight is to end now.</summary>
    [Alias("end-asked")]
    ValueTask EndAskedAsync();
}
