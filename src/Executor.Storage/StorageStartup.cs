using System.Data.Common;
using Executor.Storage.Admission;
using Executor.Storage.Changes;
using Executor.Storage.Databases;

namespace Executor.Storage;

/// <summary>Opens, locks and migrates the database. To be awaited before anything else is started.</summary>
public sealed class StorageStartup
{
    private readonly Database _database;
    private readonly DatabaseAdmission _admission;
    private readonly DatabaseMemory _memory;
    private readonly PostgresChanges? _changes;
    private readonly DbDataSource? _membership;

    internal StorageStartup(
        Database database, DatabaseAdmission admission, DatabaseMemory memory, PostgresChanges? changes = null, DbDataSource? membership = null)
    {
        _database = database;
        _admission = admission;
        _memory = memory;
        _changes = changes;
        _membership = membership;
    }

    /// <summary>The database's own, made once. After the start.</summary>
    public string DatabaseId => _memory.Current?.Id ?? throw new InvalidOperationException("The database has not been opened yet.");

    /// <summary>
    /// Connections for the cluster's membership. They are so few that they cost nothing, and its own, so that it never queues behind
    /// load.
    /// </summary>
    /// <exception cref="InvalidOperationException">The database takes one process only.</exception>
    public DbDataSource Membership => _membership ?? throw new InvalidOperationException("This database has no cluster.");

    /// <exception cref="StorageStartException">The storage cannot start as it is configured.</exception>
    /// <exception cref="StoreUnavailableException">The database could not be reached; a later attempt may do better.</exception>
    public async Task StartAsync(CancellationToken cancellationToken = default)
    {
        await _database.StartAsync(cancellationToken);
        if (_changes is not null)
            await _changes.StartAsync(cancellationToken);
    }

    /// <summary>Where the options say that the database is a copy: makes it one of its own, and does nothing else.</summary>
    /// <returns>How many credentials were shredded, and how many runs cancelled.</returns>
    /// <exception cref="StorageStartException">It is none, or nodes run on it.</exception>
    public async Task<(int Credentials, int Runs)> AdoptCopyAsync(CancellationToken cancellationToken = default)
    {
        await _database.StartAsync(cancellationToken);
        return (_admission.Adoption.Credentials, _admission.Adoption.Runs);
    }
}
