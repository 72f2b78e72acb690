using Executor.Identity;
using Executor.Runs;
using Executor.Runs.Owner;

namespace Executor.Grains.Runs;

/// <summary>
/// Runs are read, stored and moved in the database from where the request arrives. Only for the end of a call in flight a grain is told,
/// which takes less time than a notification.
/// </summary>
internal sealed class GrainRuns(IGrainFactory grains, LocalRuns runs) : IRuns
{
    public Task<StartOutcome> StartAsync(UserId user, NewRun run, IdempotencyKey? key, CancellationToken cancellationToken) =>
        runs.StartAsync(user, run, key, cancellationToken);

    public Task<IReadOnlyList<RunRow>> ListAsync(UserId user, RunFilter filter, int limit, CancellationToken cancellationToken) =>
        runs.ListAsync(user, filter, limit, cancellationToken);

    public IRunOwner For(RunId id) => new Told(id, grains, runs.For(id));

    private sealed class Told(RunId id, IGrainFactory grains, IRunOwner owner) : IRunOwner
    {
        /// <summary>A silo that is slower has the database's notification.</summary>
        private static readonly TimeSpan _telling = TimeSpan.FromSeconds(1);

        public Task<RunRecord?> ReadAsync(UserId user, CancellationToken cancellationToken) => owner.ReadAsync(user, cancellationToken);

        public IAsyncEnumerable<RunRecord> WatchAsync(UserId user, CancellationToken cancellationToken) => owner.WatchAsync(user, cancellationToken);

        public Task<TriggerOutcome> TriggerAsync(UserId user, TriggerAction? action, CancellationToken cancellationToken) =>
            owner.TriggerAsync(user, action, cancellationToken);

        public async Task<CancelOutcome> CancelAsync(UserId user, CancellationToken cancellationToken)
        {
            var outcome = await owner.CancelAsync(user, cancellationToken);
            if (outcome == CancelOutcome.Requested)
                await grains.GetGrain<IWorkflowRunGrain>(id.Value).EndAskedAsync().AsTask().WaitAsync(_telling, CancellationToken.None).Ended();
            return outcome;
        }
    }
}
