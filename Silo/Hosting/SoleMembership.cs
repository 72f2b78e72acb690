using Orleans.Runtime;

namespace Executor.Silo.Hosting;

/// <summary>
/// The membership of a silo that is alone, because its database takes one process only: a table in memory. Orleans' own for a single
/// machine is a grain that others could join through.
/// </summary>
internal sealed class SoleMembership : IMembershipTable
{
    private readonly Lock _gate = new();
    private TableVersion _version = new(0, "0");
    private (MembershipEntry Entry, string Etag)? _row;

    public Task InitializeMembershipTable(bool tryInitTableVersion) => Task.CompletedTask;

    public Task DeleteMembershipTableEntries(string clusterId) => Task.CompletedTask;

    public Task CleanupDefunctSiloEntries(DateTimeOffset beforeDate) => Task.CompletedTask;

    public Task<MembershipTableData> ReadRow(SiloAddress key) => ReadAll();

    public Task<MembershipTableData> ReadAll()
    {
        lock (_gate)
        {
            return Task.FromResult(_row is { } row
                ? new MembershipTableData(Tuple.Create(row.Entry, row.Etag), _version)
                : new MembershipTableData(_version));
        }
    }

    public Task<bool> InsertRow(MembershipEntry entry, TableVersion tableVersion) => WriteAsync(entry, tableVersion);

    public Task<bool> UpdateRow(MembershipEntry entry, string etag, TableVersion tableVersion) => WriteAsync(entry, tableVersion);

    public Task UpdateIAmAlive(MembershipEntry entry)
    {
        lock (_gate)
        {
            if (_row is { } row)
                row.Entry.IAmAliveTime = entry.IAmAliveTime;
        }

        return Task.CompletedTask;
    }

    private Task<bool> WriteAsync(MembershipEntry entry, TableVersion version)
    {
        lock (_gate)
        {
            if (version.Version != _version.Version + 1)
                return Task.FromResult(false);
            _version = version;
            _row = (entry, version.VersionEtag);
            return Task.FromResult(true);
        }
    }
}
