using System.Security.Cryptography;
using Executor.Credentials;
using Executor.Identity;
using Executor.Nodes;
using Executor.Runs;

namespace Executor.Simulation.Store;

internal sealed partial class ModelRunStore(ModelDatabase database, ModelSession session) : IRunStore
{
    public Task<RunInsertion> InsertAsync(
        RunRow run, IReadOnlyList<StepDefinition> steps, IdempotencyKey? key, CancellationToken cancellationToken) =>
        Immediate.Run(
            () =>
            {
                var insertion = database.Write(
                    new ModelWrite(session, "Insert", Run: run.Id), transaction => Insert(transaction, run, steps, key));
                if (insertion is RunInsertion.Inserted)
                    Announce(run.Id, run.User, run.Status == RunStatus.Pending);
                return insertion;
            },
            cancellationToken);

    public Task<RunRecord?> ReadAsync(RunId id, CancellationToken cancellationToken) => Read(
        tables => tables.FindRun(id) is { } run ? new RunRecord(run.Row, run.Steps) : null, cancellationToken);

    public Task<RunRow?> FindAsync(RunId id, CancellationToken cancellationToken) =>
        Read(tables => tables.FindRun(id)?.Row, cancellationToken);

    public Task<IReadOnlyList<RunRow>> ListAsync(UserId user, RunFilter filter, int limit, CancellationToken cancellationToken) =>
        Read<IReadOnlyList<RunRow>>(
            tables => tables.Runs.Values
                .Reverse()
                .Where(run => run.Row.User == user
                    && (filter.Status is null || run.Row.Status == filter.Status)
                    && (filter.Before is not { } cursor || IsBefore(tables, run, cursor))
                    && (filter.Server is not { } server || run.Steps.Exists(step => step.Definition.Server == server)))
                .Take(limit)
                .Select(run => run.Row)
                .ToList(),
            cancellationToken);

    public Task<IReadOnlyDictionary<int, string>> ReadResultsAsync(
        RunId id, IReadOnlyCollection<int> steps, CancellationToken cancellationToken) => Read<IReadOnlyDictionary<int, string>>(
            tables => (tables.FindRun(id)?.Steps ?? [])
                .Where(step => step.Result is not null && steps.Contains(step.Index))
                .ToDictionary(step => step.Index, step => step.Result!),
            cancellationToken);

    public Task<int> PruneAsync(DateTimeOffset finishedBefore, int limit, CancellationToken cancellationToken) => Immediate.Run(
        () => database.Write(new ModelWrite(session, "Prune"), transaction =>
        {
            var before = finishedBefore.Kept();
            var old = transaction.Tables.Runs.Values
                .Where(run => run.Row is { FinishedAt: { } finished, Status: RunStatus.Succeeded or RunStatus.Failed or RunStatus.Cancelled }
                    && finished < before)
                .OrderBy(run => run.Row.FinishedAt)
                .Take(limit)
                .ToList();
            foreach (var run in old)
                transaction.Tables = transaction.Tables.Without(run);
            return old.Count;
        }),
        cancellationToken);

    /// <summary>The cursor of a run that is no longer there still has its place.</summary>
    private static bool IsBefore(ModelTables tables, StoredRun run, RunId cursor) =>
        tables.OrderOfRun.TryGetValue(cursor, out var order)
            ? RunOrder.Comparer.Compare(run.Order, order) < 0
            : run.Row.Id.Value.CompareTo(cursor.Value) < 0;

    private static RunInsertion Insert(
        ModelTransaction transaction, RunRow run, IReadOnlyList<StepDefinition> steps, IdempotencyKey? key)
    {
        var tables = transaction.Tables;
        if (tables.OrderOfRun.ContainsKey(run.Id))
            throw new InvalidOperationException("A run is inserted once.");
        if (key is not null && tables.RunOfKey.TryGetValue((run.User, key.Value), out var holder))
        {
            return CryptographicOperations.FixedTimeEquals(tables.FindRun(holder)!.Key!.BodyHash, key.BodyHash)
                ? new RunInsertion.Repeated(holder)
                : new RunInsertion.KeyReused();
        }

        var order = RunOrder.Of(run.Id, tables.LastRun + 1);
        transaction.Tables = tables.WithNew(StoredRun.New(order, run, steps, key, transaction.Now));
        return new RunInsertion.Inserted();
    }

    private Task<T> Read<T>(Func<ModelTables, T> read, CancellationToken cancellationToken) =>
        Immediate.Run(() => database.Read(session, read), cancellationToken);

    private void Announce(RunId id, UserId user, bool isPending)
    {
        session.Publish(new Change.Run(id, user));
        if (isPending)
            session.Publish(new Change.RunsReady());
    }
}
