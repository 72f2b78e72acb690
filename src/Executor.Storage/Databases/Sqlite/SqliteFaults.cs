using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace Executor.Storage.Databases.Sqlite;

internal static class SqliteFaults
{
    /// <summary>Faults of the file or the machine, as opposed to a statement that was refused.</summary>
    public static bool IsUnavailable(SqliteException fault) => fault.SqliteErrorCode
        is raw.SQLITE_BUSY or raw.SQLITE_LOCKED or raw.SQLITE_NOMEM or raw.SQLITE_READONLY or raw.SQLITE_INTERRUPT
        or raw.SQLITE_IOERR or raw.SQLITE_CORRUPT or raw.SQLITE_FULL or raw.SQLITE_CANTOPEN or raw.SQLITE_PROTOCOL
        or raw.SQLITE_NOTADB;

    public static StoreUnavailableException Unavailable(SqliteException fault) =>
        new($"The database is not available (SQLite {fault.SqliteErrorCode}/{fault.SqliteExtendedErrorCode}).");

    /// <summary>As a caller may see it.</summary>
    public static Exception Translate(Exception fault) =>
        fault is SqliteException sqlite && IsUnavailable(sqlite) ? Unavailable(sqlite) : fault;
}
