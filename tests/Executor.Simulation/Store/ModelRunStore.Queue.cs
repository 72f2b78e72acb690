using Executor.Identity;
using Executor.Nodes;
using Executor.Runs;

namespace Executor.Simulation.Store;

internal sealed partial class ModelRunStore
{
    public Task<ReadyRuns> FindReadyAsync(
        int perUser, int limit, IReadOnlyCollection<McpServerId> saturated, CancellationToken cancellationToken) => Read(
            tables =>
            {
                var now = database.Now;
                var pending = tables.Runs.Values.Where(run => run.Row.Status == RunStatus.Pending).ToList();
                var runs = pending
                    .Where(run => run.DueAt <= now && (run.Row.NextServer is not { } server || !saturated.Contains(server)))
                    .OrderBy(run => run.DueAt)
                    .ThenBy(run => run.Order, RunOrder.Comparer)
                    .GroupBy(run => run.Row.User)
                    .SelectMany(queue => queue.Take(perUser).Select((run, place) => (Run: run, Place: place)))
                    .OrderBy(entry => entry.Place)
                    .ThenBy(entry => entry.Run.DueAt)
                    .ThenBy(entry => entry.Run.Order, RunOrder.Comparer)
                    .Take(limit)
                    .Select(entry => new ReadyRun(entry.Run.Row.Id, entry.Run.Row.User, entry.Run.Row.NextServer))
                    .ToList();
                var later = pending.Where(run => run.DueAt > now).Select(run => (DateTimeOffset?)run.DueAt).Min();
                return new ReadyRuns(runs, later - now);
            },
            cancellationToken);

    public Task<IReadOnlyList<RunRecord>> ClaimAsync(
        IReadOnlyCollection<RunId> ids, NodeRef owner, CancellationToken cancellationToken) => Immediate.Run<IReadOnlyList<RunRecord>>(
            () =>
            {
                if (ids.Count == 0)
                    return [];
                var claimed = database.Write(new ModelWrite(session, "Claim"), transaction => Claim(transaction, ids, owner));
                foreach (var record in claimed)
                    session.Publish(new Change.Run(record.Run.Id, record.Run.User));
                return claimed;
            },
            cancellationToken);

    public Task<int> ReleaseAsync(IReadOnlyCollection<NodeRef> lost, CancellationToken cancellationToken) => Immediate.Run(
        () =>
        {
            if (lost.Count == 0)
                return 0;
            var released = database.Write(new ModelWrite(session, "Release"), transaction => Release(transaction, lost));
            foreach (var run in released)
                session.Publish(new Change.Run(run.Row.Id, run.Row.User));
            if (released.Count > 0)
                session.Publish(new Change.RunsReady());
            return released.Count;
        },
        cancellationToken);

    public Task<IReadOnlyList<NodeRef>> FindOwnersAsync(CancellationToken cancellationToken) => Read<IReadOnlyList<NodeRef>>(
        tables => Running(tables).Select(run => run.Row.Owner!.Value).Distinct().ToList(), cancellationToken);

    public Task<IReadOnlyList<(RunId Id, long Fence)>> FindClaimsAsync(NodeRef owner, CancellationToken cancellationToken) =>
        Read<IReadOnlyList<(RunId, long)>>(
            tables => Running(tables)
                .Where(run => run.Row.Owner!.Value.Incarnation == owner.Incarnation)
                .Select(run => (run.Row.Id, run.Row.Fence))
                .ToList(),
            cancellationToken);

    private static IEnumerable<StoredRun> Running(ModelTables tables) =>
        tables.Runs.Values.Where(run => run.Row.Status == RunStatus.Running);

    private static List<RunRecord> Claim(ModelTransaction transaction, IReadOnlyCollection<RunId> ids, NodeRef owner)
    {
        var claimed = new List<RunRecord>();
        foreach (var id in ids)
        {
            if (transaction.Tables.FindRun(id) is not { } run || !run.IsDue(transaction.Now))
                continue;
            var row = run.Row with
            {
                Status = RunStatus.Running,
                Owner = owner,
                Fence = run.Row.Fence + 1,
                Version = run.Row.Version + 1,
                UpdatedAt = transaction.Now,
            };
            transaction.Tables = transaction.Tables.With(run with { Row = row });
            claimed.Add(new RunRecord(row, [.. run.Steps.Select(StoredRun.WithoutResult)]));
        }

        return claimed;
    }

    private static List<StoredRun> Release(ModelTransaction transaction, IReadOnlyCollection<NodeRef> lost)
    {
        var incarnations = lost.Select(node => node.Incarnation).ToHashSet();
        var released = Running(transaction.Tables).Where(run => incarnations.Contains(run.Row.Owner!.Value.Incarnation)).ToList();
        foreach (var run in released)
        {
            transaction.Tables = transaction.Tables.With(
                run.Requeued(run.Row with { Owner = null, Fence = run.Row.Fence + 1 }, transaction.Now));
        }

        return released;
    }
}
