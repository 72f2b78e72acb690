using Executor.Storage.Changes;
using Executor.Storage.Databases;

namespace Executor.Storage;

/// <summary>Opens, locks and migrates the database. To be awaited before anything else is started.</summary>
public sealed class StorageStartup
{
    private readonly Database _database;
    private readonly PostgresChanges? _changes;

    internal StorageStartup(Database database, PostgresChanges? changes)
    {
        _database = database;
        _changes = changes;
    }

    /// <exception cref="StorageStartException">The storage cannot start as it is configured.</exception>
    /// <exception cref="StoreUnavailableException">The database could not be reached; a later attempt may do better.</exception>
    public async Task StartAsync(CancellationToken cancellationToken = default)
    {
        await _database.StartAsync(cancellationToken);
        if (_changes is not null)
            await _changes.StartAsync(cancellationToken);
    }
}
