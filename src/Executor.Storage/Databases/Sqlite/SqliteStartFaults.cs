using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace Executor.Storage.Databases.Sqlite;

/// <summary>Why a node cannot begin with a file, for an operator: which file, what is wrong with it, what to do.</summary>
internal static class SqliteStartFaults
{
    private const int DiskFullOnUnix = 28; // ENOSPC, on Linux and macOS
    private const int ReadOnlyOnUnix = 30; // EROFS
    private const int DiskFullOnWindows = unchecked((int)0x80070070); // ERROR_DISK_FULL

    public static StorageStartException Explain(Exception fault, string path) => new($"Database file {path}: {Words(fault, path)}", fault);

    /// <summary>The lock beside the file is held by somebody else.</summary>
    public static StorageStartException InUse(string path, Exception fault) => new(
        $"Database file {path}: another node has it open, and one SQLite file is one node's. Stop that node, or set another "
        + "EXECUTOR_DATABASE_PATH; nodes that share their data need PostgreSQL (DATABASE_URL).",
        fault);

    public static bool IsTrouble(IOException fault) =>
        fault is DirectoryNotFoundException or FileNotFoundException or PathTooLongException
        || fault.HResult is DiskFullOnUnix or ReadOnlyOnUnix or DiskFullOnWindows;

    private static string Words(Exception fault, string path) => fault switch
    {
        _ when Directory.Exists(path) => "this is a directory. Name a file in it (EXECUTOR_DATABASE_PATH).",
        SqliteException sqlite => OfSqlite(sqlite),
        DirectoryNotFoundException => "its directory does not exist. Create it, or set another EXECUTOR_DATABASE_PATH.",
        PathTooLongException => "the path is too long.",
        UnauthorizedAccessException => "this user may not write it, or the files beside it. Change their owner or mode, or set another EXECUTOR_DATABASE_PATH.",
        IOException { HResult: DiskFullOnUnix or DiskFullOnWindows } => DiskFull,
        IOException { HResult: ReadOnlyOnUnix } => "its file system is read-only. Set another EXECUTOR_DATABASE_PATH.",
        _ => $"it cannot be opened ({fault.GetType().Name}).",
    };

    private static string OfSqlite(SqliteException fault)
    {
        var code = $"SQLite {fault.SqliteErrorCode}/{fault.SqliteExtendedErrorCode}";
        return fault.SqliteErrorCode switch
        {
            raw.SQLITE_FULL => DiskFull,
            raw.SQLITE_IOERR => $"the disk or file system fails, or is full ({code}).",
            raw.SQLITE_READONLY or raw.SQLITE_CANTOPEN or raw.SQLITE_PERM =>
                $"this user may not write it, or the files beside it ({code}). Change their owner or mode, or set another EXECUTOR_DATABASE_PATH.",
            raw.SQLITE_NOTADB => $"this is not a SQLite database ({code}). Set another EXECUTOR_DATABASE_PATH.",
            raw.SQLITE_CORRUPT => $"it is damaged ({code}). Put a backup in its place.",
            raw.SQLITE_BUSY or raw.SQLITE_LOCKED => $"another program has it locked, perhaps a sqlite3 shell or a backup ({code}). End that one.",
            _ => $"it cannot be used, or is not one of ours ({code}).",
        };
    }

    private const string DiskFull = "the disk is full. Make room, or set another EXECUTOR_DATABASE_PATH.";
}
