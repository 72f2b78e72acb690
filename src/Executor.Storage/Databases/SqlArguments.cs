using Dapper;

namespace Executor.Storage.Databases;

/// <summary>Named parameters. What a statement does not mention is left out.</summary>
internal sealed class SqlArguments(object? template = null)
{
    private readonly DynamicParameters _parameters = new(template);

    public SqlArguments With(string name, object value)
    {
        _parameters.Add(name, value);
        return this;
    }

    public SqlArguments With(string name, long? value)
    {
        _parameters.Add(name, value, System.Data.DbType.Int64);
        return this;
    }

    public SqlArguments With(string name, string? value)
    {
        _parameters.Add(name, value, System.Data.DbType.String);
        return this;
    }

    public SqlArguments With(string name, byte[]? value)
    {
        _parameters.Add(name, value, System.Data.DbType.Binary);
        return this;
    }

    public DynamicParameters At(long now)
    {
        _parameters.Add("Now", now, System.Data.DbType.Int64);
        return _parameters;
    }
}
