namespace Executor.Storage.Databases.Sqlite;

/// <summary>
/// An exclusive lock on a file beside the database, held as long as the process lives. The operating system frees it even from a killed
/// process. So it proves that whoever held it before is gone.
/// </summary>
internal sealed class SqliteFileLock : IDisposable
{
    private readonly FileStream _file;

    private SqliteFileLock(FileStream file) => _file = file;

    public static SqliteFileLock Take(string databasePath)
    {
        RefuseWithoutLocking();
        try
        {
            return new SqliteFileLock(OpenPrivately(databasePath + ".lock", FileShare.None));
        }
        catch (IOException fault) when (!SqliteStartFaults.IsTrouble(fault))
        {
            throw SqliteStartFaults.InUse(databasePath, fault);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            throw SqliteStartFaults.Explain(fault, databasePath);
        }
    }

    /// <summary>Sealed or not, what is in it is for this account only. SQLite's own side files inherit the mode.</summary>
    public static FileStream OpenPrivately(string path, FileShare share)
    {
        var options = new FileStreamOptions { Mode = FileMode.OpenOrCreate, Access = FileAccess.ReadWrite, Share = share };
        if (!OperatingSystem.IsWindows())
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        return new FileStream(path, options);
    }

    public void Dispose() => _file.Dispose();

    private static void RefuseWithoutLocking()
    {
        var variable = Environment.GetEnvironmentVariable("DOTNET_SYSTEM_IO_DISABLEFILELOCKING");
        if ((AppContext.TryGetSwitch("System.IO.DisableFileLocking", out var off) && off) || variable is "1" or "true")
            throw new StorageStartException("File locking is switched off in this process, so SQLite cannot be used safely.");
    }
}
