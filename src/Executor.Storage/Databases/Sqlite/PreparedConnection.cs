using System.Data;
using System.Data.Common;
using System.Diagnostics.CodeAnalysis;
using Microsoft.Data.Sqlite;

namespace Executor.Storage.Databases.Sqlite;

/// <summary>
/// Keeps the statements of one connection prepared: SQLite compiles a statement each time it is given as text, which costs more
/// than running it. For one thread at a time, and one command at a time.
/// </summary>
internal sealed class PreparedConnection(SqliteConnection connection) : DbConnection
{
    // Texts vary little (how many steps, how many intents); those beyond are compiled each time.
    private const int Capacity = 200;

    private readonly Dictionary<string, SqliteCommand> _commands = new(StringComparer.Ordinal);

    [AllowNull]
    public override string ConnectionString
    {
        get => connection.ConnectionString;
        set => throw new NotSupportedException();
    }

    public override string Database => connection.Database;

    public override string DataSource => connection.DataSource;

    public override string ServerVersion => connection.ServerVersion;

    public override ConnectionState State => connection.State;

    public override void ChangeDatabase(string databaseName) => throw new NotSupportedException();

    public override void Close()
    {
        foreach (var command in _commands.Values)
            command.Dispose();
        _commands.Clear();
        connection.Close();
    }

    public override void Open() => throw new NotSupportedException();

    /// <summary>A command for <paramref name="text"/>, without parameters.</summary>
    public SqliteCommand Rent(string text)
    {
        if (_commands.Remove(text, out var command))
            return command;
        command = connection.CreateCommand();
        command.CommandText = text;
        return command;
    }

    public void Return(SqliteCommand command)
    {
        command.Parameters.Clear();
        if (_commands.Count >= Capacity || !_commands.TryAdd(command.CommandText, command))
            command.Dispose();
    }

    protected override DbCommand CreateDbCommand() => new PreparedCommand(this);

    protected override DbTransaction BeginDbTransaction(IsolationLevel isolationLevel) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            Close();
            connection.Dispose();
        }

        base.Dispose(disposing);
    }
}
