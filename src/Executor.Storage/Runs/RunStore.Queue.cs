using Executor.Identity;
using Executor.Nodes;
using Executor.Runs;
using Executor.Storage.Databases;

namespace Executor.Storage.Runs;

internal sealed partial class RunStore
{
    public Task<ReadyRuns> FindReadyAsync(
        int perUser, int limit, IReadOnlyCollection<McpServerId> saturated, CancellationToken cancellationToken)
    {
        var arguments = new SqlArguments()
            .With("PerUser", perUser)
            .With("Limit", limit)
            .With("Saturated", database.Dialect.List(saturated.Select(server => server.Value)));
        return database.ReadAsync(
            _queue.FindReady(saturated.Count > 0),
            arguments,
            async grid =>
            {
                var runs = (await grid.ReadAsync<RunData>())
                    .Select(run => new ReadyRun(
                        new RunId(Guid.ParseExact(run.Id, "D")), UserId.From(run.UserId), RunData.ToServer(run.NextServer)))
                    .ToList();
                var wait = await grid.ReadSingleAsync<long?>();
                return new ReadyRuns(runs, wait is { } milliseconds ? TimeSpan.FromMilliseconds(milliseconds) : null);
            },
            cancellationToken);
    }

    public async Task<IReadOnlyList<RunRecord>> ClaimAsync(
        IReadOnlyCollection<RunId> ids, NodeRef owner, CancellationToken cancellationToken)
    {
        if (ids.Count == 0)
            return [];
        var arguments = new SqlArguments()
            .With("OwnerName", owner.Name)
            .With("OwnerIncarnation", owner.Incarnation)
            .With("Ids", database.Dialect.List(ids.Select(id => id.ToString())));
        var claimed = await database.WriteAsync(
            session => session.CommitAsync(_queue.Claim, arguments, async grid =>
            {
                var runs = (await grid.ReadAsync<RunData>()).ToList();
                var steps = (await grid.ReadAsync<StepData>()).ToLookup(step => step.RunId, StringComparer.Ordinal);
                return runs
                    .Select(run => new RunRecord(run.ToRow(), steps[run.Id].Select(step => step.ToRow()).ToList()))
                    .ToDictionary(record => record.Run.Id);
            }),
            cancellationToken);

        foreach (var record in claimed.Values)
        {
            database.Hear(record.Run.UpdatedAt.ToUnixTimeMilliseconds());
            changes.Publish(new Change.Run(record.Run.Id, record.Run.User));
        }

        // In the order they were asked for, which is the order of the queue.
        return ids.Where(claimed.ContainsKey).Select(id => claimed[id]).ToList();
    }

    public async Task<int> ReleaseAsync(IReadOnlyCollection<NodeRef> lost, CancellationToken cancellationToken)
    {
        if (lost.Count == 0)
            return 0;
        var arguments = new SqlArguments().With("Lost", database.Dialect.List(lost.Select(node => node.Incarnation)));
        var released = await database.WriteAsync(
            session => session.CommitAsync(_queue.Release, arguments, async grid => (await grid.ReadAsync<RunData>()).ToList()),
            cancellationToken);
        foreach (var run in released)
            changes.Publish(new Change.Run(new RunId(Guid.ParseExact(run.Id, "D")), UserId.From(run.UserId)));
        if (released.Count > 0)
            changes.Publish(new Change.RunsReady());
        return released.Count;
    }

    public async Task<IReadOnlyList<NodeRef>> FindOwnersAsync(CancellationToken cancellationToken)
    {
        var owners = await database.ReadListAsync<NodeData>(RunQueueSql.Owners, new SqlArguments(), cancellationToken);
        return owners.Select(owner => new NodeRef(owner.Name, owner.Incarnation)).ToList();
    }

    public async Task<IReadOnlyList<(RunId Id, long Fence)>> FindClaimsAsync(NodeRef owner, CancellationToken cancellationToken)
    {
        var claims = await database.ReadListAsync<RunData>(
            RunQueueSql.Claims, new SqlArguments().With("OwnerIncarnation", owner.Incarnation), cancellationToken);
        return claims.Select(run => (new RunId(Guid.ParseExact(run.Id, "D")), run.Fence)).ToList();
    }

    private sealed class NodeData
    {
        public string Name { get; init; } = "";

        public long Incarnation { get; init; }
    }
}
