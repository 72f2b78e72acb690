using System.Data;
using System.Diagnostics;
using Dapper;

namespace Executor.Storage.Databases;

/// <summary>
/// Named parameters, each once. What a statement does not mention is left out. Dapper's own bag asks each parameter for its type before
/// it sets one. Npgsql answers that by a search through all types that it knows.
/// </summary>
internal sealed class SqlArguments : SqlMapper.IDynamicParameters
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
        foreach (var (name, value, type) in _parameters)
            Add(command, name, value, type);
        Add(command, "Now", _now, DbType.Int64);
    }

    private static void Add(IDbCommand command, string name, object? value, DbType? type)
    {
        var parameter = command.CreateParameter();

        // SQLite's driver looks a name without its prefix up four times, in each statement; that was half the time of a write.
        parameter.ParameterName = "@" + name;
        if (type is { } known)
            parameter.DbType = known;
        parameter.Value = value ?? DBNull.Value;
        command.Parameters.Add(parameter);
    }

    private SqlArguments With(string name, object? value, DbType? type)
    {
        Debug.Assert(_parameters.TrueForAll(other => !string.Equals(other.Name, name, StringComparison.Ordinal)), $"{name} is named twice.");
        _parameters.Add((name, value, type));
        return this;
    }
}
