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

    [Theory]
    [InlineData("postgres://u:p@db/x?keepalives=1&keepalives_idle=30&keepalives_interval=7", "TCP Keepalive Time=30;TCP Keepalive Interval=7")]
    [InlineData("postgres://u:p@db/x?channel_binding=require", "Channel Binding=Require")]
    [InlineData("postgres://u:p@db/x?gssencmode=disable", "GSS Encryption Mode=Disable")]
    [InlineData("postgres://u:p@db/x?connect_timeout=30", "Timeout=30")]
    [InlineData("postgres://u:p@db/x?application_name=my%20app", "Application Name=my app")]
    [InlineData("postgres://u:p@db/x?sslmode=verify-ca&sslrootcert=/a.pem", "SSL Mode=VerifyCA;Root Certificate=/a.pem")]
    [InlineData("postgres://u:p@db/x?sslmode=require&sslrootcert=/a.pem", "SSL Mode=VerifyCA")] // as libpq has it
    [InlineData("postgres://u:p@db/x?sslcert=/c.pem&sslkey=/k.pem&sslpassword=s", "SSL Certificate=/c.pem;SSL Key=/k.pem;SSL Password=s")]
    [InlineData("postgres://u:p@db/x?sslnegotiation=direct&sslmode=require", "SSL Negotiation=Direct")]
    [InlineData("postgres://u:p@db/x?require_auth=scram-sha-256", "Require Auth=ScramSHA256")]
    [InlineData("postgresql://db?user=u&password=p%26&dbname=x&port=7", "Host=db;Port=7;Username=u;Password=p&;Database=x")]
    [InlineData("postgres:///x?host=/run/postgresql", "Host=/run/postgresql;SSL Mode=Disable")] // no TLS there
    [InlineData("postgres://u@%2Frun%2Fpostgresql/x", "Host=/run/postgresql")]
    [InlineData("postgres://u@[::1]:7/x", "Host=::1;Port=7")]
    [InlineData("postgres://a,b:7/x", "Host=a,b:7;Target Session Attributes=read-write")]
    [InlineData("postgres://a:1,[::1]:2/x?target_session_attrs=primary", "Host=a:1,[::1]:2;Target Session Attributes=primary")]
    [InlineData("postgres:///x?host=a,b&port=1,2", "Host=a:1,b:2")]
    [InlineData("postgres://u:a:b#c?d=e&f@db/x", "Host=db;Password=a:b#c?d=e&f")] // up to the '@', as libpq has it
    [InlineData("postgres://u%40x:p%25@db/a%2Fb", "Username=u@x;Password=p%;Database=a/b")]
    [InlineData("postgres://u:p@db/x?client_encoding=UTF8&sslsni=1&sslcompression=0&target_session_attrs=read-write", "Host=db")]
    public void Parameter_of_libpq_is_understood(string url, string expected)
    {
        Assert.Empty(PostgresUrl.Parse(url).Errors);
        Assert.Empty(PostgresUrl.Parse(url).Warnings);
        var seen = new NpgsqlConnectionStringBuilder(PostgresSettings.From(new StorageProvider.Postgres(url)).Pooled);
        var wanted = new NpgsqlConnectionStringBuilder(expected);
        foreach (string key in wanted.Keys)
            Assert.Equal(wanted[key], seen[key]);
    }

    [Theory]
    [InlineData("keepalives_count=3", "keepalives_count")]
    [InlineData("tcp_user_timeout=30000", "tcp_user_timeout")]
    [InlineData("connect_timeout=0", "connect_timeout")]
    [InlineData("sslmode=prefer", "sslmode")]
    [InlineData("sslmode=disable&sslrootcert=/a.pem", "sslrootcert")]
    [InlineData("options=-c%20synchronous_commit%3Doff", "synchronous_commit")]
    public void Parameter_without_effect_is_named_in_a_warning(string query, string name)
    {
        var url = PostgresUrl.Parse($"postgres://u:p@db/x?{query}");

        Assert.Empty(url.Errors);
        Assert.Contains(name, Assert.Single(url.Warnings), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("postgres://u:zz@db/x?sslcrl=/zz", "'sslcrl', which is not supported")]
    [InlineData("postgres://u:zz@db/x?hostaddr=10.0.0.1", "'hostaddr', which is not supported")]
    [InlineData("postgres://u:zz@db/x?requirepeer=zz", "'requirepeer', which is not supported")]
    [InlineData("postgres://u:zz@db/x?ssl_min_protocol_version=TLSv1.3", "'ssl_min_protocol_version', which is not supported")]
    [InlineData("postgres://u:zz@db/x?target_session_attrs=standby", "'target_session_attrs', which must be any, read-write or primary")]
    [InlineData("postgres://u:zz@db/x?client_encoding=LATIN1", "'client_encoding', which must be UTF8")]
    [InlineData("postgres://u:zz@db/x?sslmode=zz", "'sslmode', which must be disable")]
    [InlineData("postgres://u:zz@db/x?ssl=false", "'ssl', which must be true")]
    [InlineData("postgres://u:zz@db/x?sslrootcert=system&sslmode=require", "needs sslmode=verify-full")]
    [InlineData("postgres://u:zz@db/x?channel_bindign=require", "'channel_bindign', which is not known. Is 'channel_binding' meant?")]
    [InlineData("postgres://u:zz@db/x?Trust%20Server%20Certificate=true", "which is not known")]
    [InlineData("postgres://u:zz@db/x?keepalives_idle=zz", "'keepalives_idle', which must be a number")]
    [InlineData("postgres://u:zz@db/x?sslmode", "part 1 is not parameter=value")]
    [InlineData("postgres://u:zz@db/x?user=a&user=b", "'user' twice")]
    [InlineData("postgres://u:%zz@db/x", "'%' in its password")]
    [InlineData("postgres://u:zz@zz@db/x", "must be written %40")]
    [InlineData("postgres://u:z/z@db/x", "must be written %40 or %2F")]
    [InlineData("postgres:///x", "names no host")]
    [InlineData("postgres://u:zz@db:99999/x", "names a port")]
    [InlineData("postgres://u:zz@a b/x", "neither a name nor an address")]
    [InlineData("postgres://a,b/x?port=1,2,3", "one port, or one for each host")]
    public void What_cannot_be_followed_is_named_and_no_value_is_quoted(string text, string expected)
    {
        var url = PostgresUrl.Parse(text);

        Assert.Contains(url.Errors, error => error.Contains(expected, StringComparison.Ordinal));
        Assert.All(url.Errors, error => Assert.DoesNotContain("zz", error, StringComparison.Ordinal));
        Assert.Throws<StorageStartException>(() => PostgresSettings.From(new StorageProvider.Postgres(text)));
    }

    [Theory]
    [InlineData("postgres://u:p@db/x", true, 10)]
    [InlineData("postgres://u:p@db/x?keepalives=0", false, 10)]
    [InlineData("postgres://u:p@db/x?connect_timeout=30", true, 10)]
    [InlineData("postgres://u:p@db/x?connect_timeout=3", true, 3)]
    [InlineData("postgres://u@%2Frun/x", false, 10)]
    public void Connection_that_holds_the_liveness_lock_notices_a_dead_peer_soon(string url, bool keepalive, int timeout)
    {
        var liveness = new NpgsqlConnectionStringBuilder(PostgresSettings.From(new StorageProvider.Postgres(url)).Liveness);

        Assert.Equal((keepalive, timeout), (liveness.TcpKeepAlive, liveness.Timeout));
    }
}
