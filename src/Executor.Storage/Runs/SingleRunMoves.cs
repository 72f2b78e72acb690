using Executor.Storage.Databases;

namespace Executor.Storage.Runs;

/// <summary>A transaction for each; where the database itself lets transactions share a commit.</summary>
internal sealed class SingleRunMoves(Database database) : RunMoves
{
    private readonly RunSql _sql = new(database.Dialect);

    public override Task<bool> TryAsync(RunMove move, CancellationToken cancellationToken) => database.WriteAsync(
        async session =>
        {
            var asExpected = await session.QueryAsync(
                _sql.UpdateKnown, move.ToRunArguments(), async grid => (await grid.ReadAsync<int>()).Any());
            if (asExpected && move.Steps.Count > 0)
                await session.CommitAsync(_sql.UpdateSteps(move.Steps.Count), move.ToJournalArguments());
            return asExpected;
        },
        cancellationToken);
}
