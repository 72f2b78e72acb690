using Executor.Identity;
using Executor.Runs;
using Executor.Runs.Owner;

namespace Executor.Silo.Runs;

/// <summary>
/// Routes what moves a run to the silo that drives it. What only looks at runs, or stores a new one, asks the database from where it is.
/// </summary>
internal sealed class GrainRuns(IGrainFactory grains, RunDirectory directory, Failover failover) : IRuns
{
    public Task<StartOutcome> StartAsync(UserId user, NewRun run, IdempotencyKey? key, CancellationToken cancellationToken) =>
        directory.StartAsync(user, run, key, cancellationToken);

    public Task<IReadOnlyList<RunRow>> ListAsync(UserId user, RunFilter filter, int limit, CancellationToken cancellationToken) =>
        directory.ListAsync(user, filter, limit, cancellationToken);

    public IRunOwner For(RunId id) => new Routed(grains.GetGrain<IWorkflowRunGrain>(id.Value), directory.For(id), failover);

    private sealed class Routed(IWorkflowRunGrain grain, IRunOwner local, Failover failover) : IRunOwner
    {
        public Task<RunRecord?> ReadAsync(UserId user, CancellationToken cancellationToken) => local.ReadAsync(user, cancellationToken);

        public IAsyncEnumerable<RunRecord> WatchAsync(UserId user, CancellationToken cancellationToken) =>
            local.WatchAsync(user, cancellationToken);

        // A second «retry» could repeat a step that failed again in between: when nobody knows whether the first arrived, the user looks.
        public async Task<TriggerOutcome> TriggerAsync(UserId user, TriggerAction? action, CancellationToken cancellationToken) =>
            await failover.CallAsync<TriggerOutcome?>(
                () => grain.TriggerAsync(user.Value, action, cancellationToken),
                async () => action is null ? await local.TriggerAsync(user, null, cancellationToken) : null,
                cancellationToken)
            ?? throw new StoreUnavailableException();

        public async Task<CancelOutcome> CancelAsync(UserId user, CancellationToken cancellationToken) =>
            await failover.CallAsync<CancelOutcome?>(
                () => grain.CancelAsync(user.Value, cancellationToken),
                async () => await local.CancelAsync(user, cancellationToken),
                cancellationToken)
            ?? throw new StoreUnavailableException();
    }
}
