using Executor.Storage;
using Executor.Storage.Databases.Postgres;
using Npgsql;

namespace Executor.Tests.Storage;

public sealed class PostgresSettingsTests
{
    [Theory]
    [InlineData("Host=db", 32)]
    [InlineData("Host=db;Maximum Pool Size=100", 100)] // the driver's own default, asked for
    [InlineData("Host=db;MaxPoolSize=7", 7)]
    [InlineData("postgres://u:p@db/x", 32)]
    [InlineData("postgres://u:p@db/x?Maximum%20Pool%20Size=50", 50)]
    public void Node_opens_few_connections_unless_told_otherwise(string connectionString, int most)
    {
        var settings = PostgresSettings.From(new StorageProvider.Postgres(connectionString));
        Assert.Equal(most, new NpgsqlConnectionStringBuilder(settings.Pooled).MaxPoolSize);
    }
}
