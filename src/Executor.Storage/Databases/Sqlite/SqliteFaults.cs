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
        new($"{Begin}SQLite {fault.SqliteErrorCode}/{fault.SqliteExtendedErrorCode}).");

    /// <summary>For whoever has said already that the database is not available.</summary>
    public static string Cause(StoreUnavailableException fault) =>
        fault.Message.StartsWith(Begin, StringComparison.Ordinal) ? fault.Message[Begin.Length..^2] : fault.Message.TrimEnd('.');

    private const string Begin = "The database is not available (";

    /// <summary>As a caller may see it.</summary>
    public static Exception Translate(Exception fault) =>
        fault is SqliteException sqlite && IsUnavailable(sqlite) ? Unavailable(sqlite) : fault;
}
