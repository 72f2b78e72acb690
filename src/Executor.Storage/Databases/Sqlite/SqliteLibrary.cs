using System.Runtime.InteropServices;
using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace Executor.Storage.Databases.Sqlite;

/// <summary>What the SQLite that the binding brings can do, and the binding does not show.</summary>
internal static class SqliteLibrary
{
    private const int HasMovedOperation = 20;

    /// <summary>
    /// Another file, or none, has the path of the one that is open (<c>SQLITE_FCNTL_HAS_MOVED</c>: a look at the directory). Where open
    /// files cannot be moved, never.
    /// </summary>
    public static bool HasMoved(SqliteConnection connection) =>
        FileControl(connection.Handle!.DangerousGetHandle(), 0, HasMovedOperation, out var moved) == raw.SQLITE_OK && moved != 0;

    [DllImport("e_sqlite3", EntryPoint = "sqlite3_file_control", CallingConvention = CallingConvention.Cdecl)]
    private static extern int FileControl(nint database, nint name, int operation, out int result);
}
