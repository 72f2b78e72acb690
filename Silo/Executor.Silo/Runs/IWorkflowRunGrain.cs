using Executor.Runs;
using Orleans.CodeGeneration;

namespace Executor.Silo.Runs;

/// <summary>The owner of one run; the key is the run's id. Lives beside the run's driver, if it has one, and only while it is asked.</summary>
[Alias("executor.run"), Version(1)]
internal interface IWorkflowRunGrain : IGrainWithGuidKey
{
    /// <returns>Null when the database is not available.</returns>
    [Alias("trigger")]
    Task<TriggerOutcome?> TriggerAsync(long user, TriggerAction? action, CancellationToken cancellationToken);

    /// <returns>Null when the database is not available.</returns>
    [Alias("cancel")]
    Task<CancelOutcome?> CancelAsync(long user, CancellationToken cancellationToken);
}
