using Executor.Identity;
using Executor.Runs;
using Executor.Runs.Owner;
using Orleans.Concurrency;

namespace Executor.Silo.Runs;

/// <summary>
/// Holds a run's owner for as long as it is asked. Reentrant: the owner keeps nothing between calls, and the run's driver, which may
/// be at a tool call for minutes, works beside the grain and not in it.
/// </summary>
[Reentrant, RunPlacement, GrainType("executor.run")]
internal sealed class WorkflowRunGrain(RunDirectory directory) : Grain, IWorkflowRunGrain
{
    private IRunOwner Owner => directory.For(new RunId(this.GetPrimaryKey()));

    public Task<TriggerOutcome?> TriggerAsync(long user, TriggerAction? action, CancellationToken cancellationToken) =>
        AskAsync(() => Owner.TriggerAsync(UserId.From(user), action, cancellationToken));

    public Task<CancelOutcome?> CancelAsync(long user, CancellationToken cancellationToken) =>
        AskAsync(() => Owner.CancelAsync(UserId.From(user), cancellationToken));

    private async Task<T?> AskAsync<T>(Func<Task<T>> ask)
        where T : struct
    {
        try
        {
            return await ask();
        }
        catch (StoreUnavailableException)
        {
            return null;
        }
        finally
        {
            // Nothing of a run stays in memory; the next call finds the silo that drives it then.
            DeactivateOnIdle();
        }
    }
}
