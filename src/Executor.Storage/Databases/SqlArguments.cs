using System.Data;
using Dapper;

namespace Executor.Storage.Databases;

/// <summary>
/// Named parameters. What a statement does not mention is left out. Dapper's own bag asks each parameter for its type before it sets
/// one, which Npgsql answers by a search through all that it knows.
/// </summary>
internal sealed class SqlArguments(object? template = null) : SqlMapper.IDynamicParameters
{
    private readonly List<(string Name, object? Value, DbType? Type)> _parameters = [];
    private long _now;

    public SqlArguments With(string name, object value) => With(name, value, type: null);

    public SqlArguments With(string name, long? value) => With(name, value, DbType.Int64);

    public SqlArguments With(string name, string? value) => With(name, value, DbType.String);

    public SqlArguments With(string name, byte[]? value) => With(name, value, DbType.Binary);

    public SqlArguments At(long now)
    {
        _now = now;
        return this;
    }

    public void AddParameters(IDbCommand command, SqlMapper.Identity identity)
    {
        if (template is not null)
            ((SqlMapper.IDynamicParameters)new DynamicParameters(template)).AddParameters(command, identity);
        foreach (var (name, value, type) in _parameters)
            Add(command, name, value, type);
        Add(command, "Now", _now, DbType.Int64);
    }

    private static void Add(IDbCommand command, string name, object? value, DbType? type)
    {
        // What is named again, the template's columns too, is meant anew.
        if (command.Parameters.Contains(name))
        {
            ((IDbDataParameter)command.Parameters[name]!).Value = value ?? DBNull.Value;
            return;
        }

        var parameter = command.CreateParameter();
        parameter.ParameterName = name;
        if (type is { } known)
            parameter.DbType = known;
        parameter.Value = value ?? DBNull.Value;
        command.Parameters.Add(parameter);
    }

    private SqlArguments With(string name, object? value, DbType? type)
    {
        _parameters.Add((name, value, type));
        return this;
    }
}
