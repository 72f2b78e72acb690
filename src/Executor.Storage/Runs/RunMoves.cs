using Executor.Storage.Databases;

namespace Executor.Storage.Runs;

/// <summary>Writes moves over rows that nobody has looked at: each if its row still has the version that it was decided on.</summary>
internal abstract class RunMoves
{
    /// <summary>False where the row has another version, or somebody is changing it: nothing was written.</summary>
    public abstract Task<bool> TryAsync(RunMove move, CancellationToken cancellationToken);

    public static RunMoves On(Database database) =>
        database.Dialect.HasBulkWrites ? new SharedRunMoves(database) : new SingleRunMoves(database);
}
