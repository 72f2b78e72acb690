using System.Diagnostics;
using Executor.Identity;
using Executor.Nodes;
using Microsoft.Extensions.Options;

namespace Executor.Runs.Owner;

/// <summary>Starts, lists and moves runs in the store, from whichever node a request arrives at: the store decides.</summary>
internal sealed class LocalRuns(IRunStore store, IChangeFeed changes, IOptions<RunOptions> options, TimeProvider time) : IRuns
{
    public async Task<StartOutcome> StartAsync(
        UserId user, NewRun run, IdempotencyKey? key, CancellationToken cancellationToken)
    {
        if (RunValidation.Check(run, options.Value.MaxStepTimeout) is { } wrong)
            return new StartOutcome.Invalid(wrong);
        while (true)
        {
            var record = Record(user, run);
            switch (await store.InsertAsync(record.Run, run.Steps, key, cancellationToken))
            {
                case RunInsertion.Inserted:
                    return new StartOutcome.Started(record);
                case RunInsertion.KeyReused:
                    return new StartOutcome.KeyReused();
                case RunInsertion.Repeated repeated when await store.ReadAsync(repeated.Id, cancellationToken) is { } earlier:
                    return new StartOutcome.Repeated(earlier);
                case RunInsertion.Repeated:
                    // Pruned in between, and its key with it: this is the first such request again.
                    continue;
                default:
                    throw new UnreachableException();
            }
        }
    }

    public Task<IReadOnlyList<RunRow>> ListAsync(
        UserId user, RunFilter filter, int limit, CancellationToken cancellationToken) =>
        store.ListAsync(user, filter, limit, cancellationToken);

    public IRunOwner For(RunId id) => new RunOwner(id, store, changes, options.Value.Sweep, time);

    private RunRecord Record(UserId user, NewRun run)
    {
        var now = DateTimeOffset.FromUnixTimeMilliseconds(time.GetUtcNow().ToUnixTimeMilliseconds()); // as it is stored
        var row = new RunRow
        {
            Id = RunId.New(time),
            User = user,
            Name = run.Name,
            Input = run.Input,
            Status = RunStatus.Pending,
            StepCount = run.Steps.Count,
            NextServer = run.Steps[0].Server,
            Version = 1,
            CreatedAt = now,
            UpdatedAt = now,
        };
        return new RunRecord(row, run.Steps.Select((step, index) => new StepRow { Index = index, Definition = step }).ToList());
    }
}
