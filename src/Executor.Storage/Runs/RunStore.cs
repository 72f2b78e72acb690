using System.Security.Cryptography;
using Executor.Credentials;
using Executor.Identity;
using Executor.Nodes;
using Executor.Runs;
using Executor.Storage.Credentials;
using Executor.Storage.Databases;

namespace Executor.Storage.Runs;

internal sealed partial class RunStore(Database database, IChangeFeed changes, RunNews news) : IRunStore
{
    private readonly RunSql _sql = new(database.Dialect);
    private readonly RunQueueSql _queue = new(database.Dialect);
    private readonly RunMoves _moves = RunMoves.On(database);

    public async Task<RunInsertion> InsertAsync(
        RunRow run, IReadOnlyList<StepDefinition> steps, IdempotencyKey? key, CancellationToken cancellationToken)
    {
        var insertion = await database.WriteAsync(session => InsertAsync(session, run, steps, key), cancellationToken);
        if (insertion is RunInsertion.Inserted)
        {
            news.Started(run);
            changes.Publish(new Change.Run(run.Id, run.User));
            if (run.Status == RunStatus.Pending)
                changes.Publish(new Change.RunsReady());
        }

        return insertion;
    }

    public Task<RunRecord?> ReadAsync(RunId id, CancellationToken cancellationToken) =>
        database.ReadAsync<RunRecord?>(
            RunSql.Read,
            ArgumentsOf(id),
            async grid =>
            {
                var run = await grid.ReadSingleOrDefaultAsync<RunData>();
                var steps = await grid.ReadAsync<StepData>();
                return run is null ? null : new RunRecord(run.ToRow(), steps.Select(step => step.ToRow()).ToList());
            },
            cancellationToken,
            snapshot: true);

    public async Task<RunRow?> FindAsync(RunId id, CancellationToken cancellationToken) =>
        (await database.ReadFirstAsync<RunData>(RunSql.Find, ArgumentsOf(id), cancellationToken))?.ToRow();

    public async Task<IReadOnlyList<RunRow>> ListAsync(
        UserId user, RunFilter filter, int limit, CancellationToken cancellationToken)
    {
        var arguments = new SqlArguments()
            .With("UserId", user.Value)
            .With("Limit", limit)
            .With("Status", filter.Status is { } status ? RunWords.Status.Of(status) : null)
            .With("Before", filter.Before?.ToString())
            .With("Server", filter.Server?.Value);
        var runs = await database.ReadListAsync<RunData>(RunSql.List(filter), arguments, cancellationToken);
        return runs.Select(run => run.ToRow()).ToList();
    }

    public async Task<IReadOnlyDictionary<int, string>> ReadResultsAsync(
        RunId id, IReadOnlyCollection<int> steps, CancellationToken cancellationToken)
    {
        var arguments = ArgumentsOf(id).With("Steps", database.Dialect.List(steps.Select(step => (long)step)));
        var results = await database.ReadListAsync<StepData>(_sql.Results, arguments, cancellationToken);
        return results.ToDictionary(step => step.Idx, step => step.Result!);
    }

    public Task<int> PruneAsync(DateTimeOffset finishedBefore, int limit, CancellationToken cancellationToken)
    {
        var arguments = new SqlArguments().With("Before", UnixTime.Of(finishedBefore)).With("Limit", limit);
        return database.WriteRowsAsync(_sql.Prune, arguments, cancellationToken);
    }

    private static SqlArguments ArgumentsOf(RunId id) => new SqlArguments().With("Id", id.ToString());

    private async Task<RunInsertion> InsertAsync(
        WriteSession session, RunRow run, IReadOnlyList<StepDefinition> steps, IdempotencyKey? key)
    {
        var arguments = RunData.From(run).ToArguments()
            .With("IdempotencyKey", key?.Value)
            .With("BodyHash", key?.BodyHash);
        for (var index = 0; index < steps.Count; index++)
            StepData.AddTo(arguments, steps[index], index);

        if (key is null)
        {
            await session.CommitAsync(_sql.InsertWith(steps.Count), arguments);
            return new RunInsertion.Inserted();
        }

        var holder = await session.QueryAsync(
            _sql.Insert + RunSql.FindKey, arguments, grid => grid.ReadSingleAsync<(string Id, byte[] BodyHash)>());
        if (string.Equals(holder.Id, run.Id.ToString(), StringComparison.Ordinal))
        {
            await session.CommitAsync(RunSql.InsertSteps(steps.Count), arguments);
            return new RunInsertion.Inserted();
        }

        await session.RollBackAsync();
        return CryptographicOperations.FixedTimeEquals(holder.BodyHash, key.BodyHash)
            ? new RunInsertion.Repeated(new RunId(Guid.ParseExact(holder.Id, "D")))
            : new RunInsertion.KeyReused();
    }
}
