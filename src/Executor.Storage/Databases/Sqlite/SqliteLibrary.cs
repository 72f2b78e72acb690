using System.Reflection;
using System.Runtime.InteropServices;
using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace Executor.Storage.Databases.Sqlite;

/// <summary>
/// Binds the system's SQLite. The binding's own native package is not used: what it bundles is older than what is needed, and the
/// system's gets security updates.
/// </summary>
internal static class SqliteLibrary
{
    private const int HasMovedOperation = 20;

    private static readonly string SystemLibrary = OperatingSystem.IsWindows() ? "winsqlite3.dll"
        : OperatingSystem.IsMacOS() ? "libsqlite3.dylib"
        : "libsqlite3.so.0";

    // STRICT tables; RETURNING, upsert and JSON functions are older.
    private static readonly Version Oldest = new(3, 37);

    private static readonly Lazy<string?> Fault = new(Load);

    private static readonly Lazy<FileControl?> Control = new(FindControl);

    [UnmanagedFunctionPointer(CallingConvention.Cdecl)]
    private delegate int FileControl(nint database, nint name, int operation, out int result);

    public static void Bind()
    {
        if (Fault.Value is { } fault)
            throw new StorageStartException(fault);
    }

    /// <summary>
    /// Another file, or none, has the path of the one that is open (<c>SQLITE_FCNTL_HAS_MOVED</c>: a look at the directory). Where open
    /// files cannot be moved, never.
    /// </summary>
    public static bool HasMoved(SqliteConnection connection) =>
        Control.Value is { } control
        && control(connection.Handle!.DangerousGetHandle(), 0, HasMovedOperation, out var moved) == raw.SQLITE_OK
        && moved != 0;

    private static FileControl? FindControl() => NativeLibrary.TryGetExport(NativeLibrary.Load(SystemLibrary), "sqlite3_file_control", out var address)
        ? Marshal.GetDelegateForFunctionPointer<FileControl>(address)
        : null;

    private static string? Load()
    {
        try
        {
            NativeLibrary.SetDllImportResolver(typeof(SQLite3Provider_e_sqlite3).Assembly, Resolve);
            raw.SetProvider(new SQLite3Provider_e_sqlite3());
            var version = Version.Parse(raw.sqlite3_libversion().utf8_to_string());
            return version >= Oldest
                ? null
                : $"The system's SQLite is {version}; {Oldest} or newer is needed (Debian package libsqlite3-0).";
        }
        catch (Exception missing) when (missing is DllNotFoundException or TypeInitializationException or EntryPointNotFoundException)
        {
            return $"The system's SQLite library is missing: install SQLite {Oldest} or newer (Debian package libsqlite3-0).";
        }
    }

    private static nint Resolve(string name, Assembly assembly, DllImportSearchPath? path)
    {
        if (!string.Equals(name, "e_sqlite3", StringComparison.Ordinal))
            return 0;
        return NativeLibrary.Load(SystemLibrary);
    }
}
