using Npgsql;

namespace Executor.Storage.Databases.Postgres;

/// <summary>
/// Connections that know the built-in types that statements here use. These have the same numbers on every server. By default the driver
/// compiles the mappings of all types that it knows, and each source reads the server's catalogue before a first statement.
/// </summary>
internal static class PostgresSource
{
    /// <param name="connectionString">Of one purpose.</param>
    /// <param name="memory">Each new connection has to lead to the database that it knows.</param>
    public static NpgsqlDataSource Of(string connectionString, DatabaseMemory memory)
    {
        var builder = new NpgsqlSlimDataSourceBuilder(connectionString);
        builder.EnableArrays();
        builder.EnableTransportSecurity();
        builder.EnableIntegratedSecurity();
        builder.ConfigureTypeLoading(types => types.EnableTypeLoading(false));
        builder.UsePhysicalConnectionInitializer(
            _ => throw new NotSupportedException("Connections are opened asynchronously."),
            connection => PostgresIdentity.CheckAsync(connection, memory));
        return builder.Build();
    }
}
