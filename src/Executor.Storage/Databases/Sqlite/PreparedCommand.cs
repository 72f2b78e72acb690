using System.Data;
using System.Data.Common;
using System.Diagnostics.CodeAnalysis;
using Microsoft.Data.Sqlite;

namespace Executor.Storage.Databases.Sqlite;

/// <summary>Borrows the prepared command of its text, and gives it back when it is disposed.</summary>
internal sealed class PreparedCommand(PreparedConnection connection) : DbCommand
{
    private SqliteCommand? _rented;

    [AllowNull]
    public override string CommandText
    {
        get => _rented?.CommandText ?? "";
        set
        {
            GiveBack();
            _rented = connection.Rent(value!);
        }
    }

    public override int CommandTimeout { get; set; }

    public override CommandType CommandType { get; set; } = CommandType.Text;

    public override bool DesignTimeVisible { get; set; }

    public override UpdateRowSource UpdatedRowSource { get; set; }

    protected override DbConnection? DbConnection { get; set; } = connection;

    protected override DbParameterCollection DbParameterCollection => Rented.Parameters;

    protected override DbTransaction? DbTransaction { get; set; }

    private SqliteCommand Rented => _rented ?? throw new InvalidOperationException("The command has no text yet.");

    public override void Cancel()
    {
    }

    public override int ExecuteNonQuery() => Rented.ExecuteNonQuery();

    public override object? ExecuteScalar() => Rented.ExecuteScalar();

    public override void Prepare() => Rented.Prepare();

    protected override DbParameter CreateDbParameter() => Rented.CreateParameter();

    protected override DbDataReader ExecuteDbDataReader(CommandBehavior behavior) => Rented.ExecuteReader(behavior);

    protected override void Dispose(bool disposing)
    {
        if (disposing)
            GiveBack();
        base.Dispose(disposing);
    }

    private void GiveBack()
    {
        if (_rented is not null)
            connection.Return(_rented);
        _rented = null;
    }
}
