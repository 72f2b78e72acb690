using System.Data.Common;
using Executor.Nodes;
using Executor.Storage.Databases;
using Executor.Storage.Migrations;

namespace Executor.Storage;

internal sealed class DatabaseHealthCheck(Database database, IReadOnlyList<Migration> migrations) : IDatabaseHealth
{
    private readonly int _required = migrations.Max(migration => migration.Version);

    public async Task<DatabaseHealth> CheckAsync(CancellationToken cancellationToken)
    {
        try
        {
            var seen = await database.ReadFirstAsync<Seen>(
                "SELECT coalesce(max(version), 0) AS version, coalesce(max(CASE WHEN version > @Known AND name LIKE @Breaking "
                + $"THEN 1 ELSE 0 END), 0) AS is_too_new, {database.Dialect.IsReadOnly} AS is_read_only FROM schema_migrations;",
                new SqlArguments().With("Known", _required).With("Breaking", "%" + Migration.Breaking),
                cancellationToken);
            return new DatabaseHealth(Reachable: true, seen!.Version, _required, seen.IsReadOnly != 0, seen.IsTooNew != 0);
        }
        catch (StoreUnavailableException)
        {
            return new DatabaseHealth(Reachable: false, 0, _required);
        }
        catch (DbException)
        {
            // It answers, and not with our tables.
            return new DatabaseHealth(Reachable: true, 0, _required);
        }
    }

    private sealed class Seen
    {
        public int Version { get; init; }

        public int IsTooNew { get; init; }

        public int IsReadOnly { get; init; }
    }
}
