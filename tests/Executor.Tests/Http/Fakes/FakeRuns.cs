using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using System.Threading.Channels;
using Executor.Identity;
using Executor.Runs;

namespace Executor.Tests.Http.Fakes;

/// <summary>Stands in for the runs' owners, so that the front end can be shown every answer that they have.</summary>
internal sealed class FakeRuns : IRuns
{
    public ConcurrentQueue<(UserId User, NewRun Run, IdempotencyKey? Key)> Started { get; } = new();

    public ConcurrentQueue<TriggerAction?> Actions { get; } = new();

    public ConcurrentDictionary<RunId, RunRecord> Records { get; } = new();

    public Channel<RunRecord> Snapshots { get; } = Channel.CreateUnbounded<RunRecord>();

    public TriggerOutcome OnTrigger { get; set; }

    public CancelOutcome OnCancel { get; set; }

    public RunFilter? LastFilter { get; private set; }

    public Task<StartOutcome> StartAsync(UserId user, NewRun run, IdempotencyKey? key, CancellationToken cancellationToken)
    {
        if (key is not null && Started.FirstOrDefault(s => s.Key?.Value == key.Value && s.User == user) is { Key: { } before })
        {
            return Task.FromResult<StartOutcome>(
                before.BodyHash.AsSpan().SequenceEqual(key.BodyHash) ? new StartOutcome.Repeated(Records.Values.First()) : new StartOutcome.KeyReused());
        }

        Started.Enqueue((user, run, key));
        var record = Make(user, run.Name, RunStatus.Pending, run.Steps);
        Records[record.Run.Id] = record;
        return Task.FromResult<StartOutcome>(new StartOutcome.Started(record));
    }

    public Task<IReadOnlyList<RunRow>> ListAsync(UserId user, RunFilter filter, int limit, CancellationToken cancellationToken)
    {
        LastFilter = filter;
        return Task.FromResult<IReadOnlyList<RunRow>>(
            [.. Records.Values.Select(r => r.Run).Where(r => r.User == user).OrderByDescending(r => r.Id.Value).Where(r => filter.Before is not { } before || r.Id.Value.CompareTo(before.Value) < 0).Take(limit)]);
    }

    public IRunOwner For(RunId id) => new Owner(this, id);

    public static RunRecord Make(UserId user, string name, RunStatus status, IReadOnlyList<StepDefinition> steps, DateTimeOffset? at = null) => new(
        new RunRow
        {
            Id = new RunId(Guid.CreateVersion7(at ?? DateTimeOffset.UtcNow)),
            User = user,
            Name = name,
            Input = "{}",
            Status = status,
            StepCount = steps.Count,
            Version = 1,
        },
        [.. steps.Select((definition, index) => new StepRow { Index = index, Definition = definition })]);

    private sealed class Owner(FakeRuns all, RunId id) : IRunOwner
    {
        public Task<RunRecord?> ReadAsync(UserId user, CancellationToken cancellationToken) =>
            Task.FromResult(all.Records.TryGetValue(id, out var record) && record.Run.User == user ? record : null);

        public Task<TriggerOutcome> TriggerAsync(UserId user, TriggerAction? action, CancellationToken cancellationToken)
        {
            all.Actions.Enqueue(action);
            return Task.FromResult(all.OnTrigger);
        }

        public Task<CancelOutcome> CancelAsync(UserId user, CancellationToken cancellationToken) => Task.FromResult(all.OnCancel);

        public async IAsyncEnumerable<RunRecord> WatchAsync(UserId user, [EnumeratorCancellation] CancellationToken cancellationToken)
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (await ReadAsync(user, cancellationToken) is not { } current)
                yield break;
            yield return current;
            await foreach (var snapshot in all.Snapshots.Reader.ReadAllAsync(cancellationToken))
                yield return snapshot;
        }
    }
}
