using Executor.Security;
using Executor.Storage.Databases.Postgres;

namespace Executor.Storage;

/// <summary>Where everything durable is kept.</summary>
public sealed record StorageOptions(StorageProvider Provider)
{
    /// <summary>Takes the place of the database server's own clock; for tests. SQLite, which has none, uses the injected one.</summary>
    public TimeProvider? Clock { get; init; }

    /// <summary>What this node seals and opens credentials with. The start is refused where the database knows other keys; null checks nothing.</summary>
    public Keyring? Keys { get; init; }

    /// <summary>The operator says that keys which this node does not have are lost for good: what they sealed is given up.</summary>
    public bool ReplacesLostKey { get; init; }

    /// <summary>The operator says that this is a copy of another database: it becomes one of its own, and harmless to the other.</summary>
    public bool AdoptsCopy { get; init; }
}

public abstract record StorageProvider
{
    private StorageProvider()
    {
    }

    /// <summary>Which database it is, for an operator; no secret.</summary>
    public abstract string Describe();

    /// <summary>One file, one process.</summary>
    public sealed record Sqlite(string Path) : StorageProvider
    {
        public override string Describe() => $"SQLite file {System.IO.Path.GetFullPath(Path)}";
    }

    /// <summary>Nothing outlives the process; for development.</summary>
    public sealed record SqliteInMemory : StorageProvider
    {
        public override string Describe() => "SQLite in memory";
    }

    /// <param name="ConnectionString">Keywords and values, or a <c>postgres://</c> URI.</param>
    /// <param name="Schema">Created where it is missing.</param>
    /// <param name="Ssl">Null leaves it to the connection string.</param>
    public sealed record Postgres(string ConnectionString, string Schema = "executor", PostgresSsl? Ssl = null) : StorageProvider
    {
        /// <summary>
        /// For the connections that must not be shared by a pooler (liveness lock, notifications); null for the same as the others.
        /// </summary>
        public string? DirectConnectionString { get; init; }

        public override string Describe()
        {
            var settings = PostgresSettings.From(this);
            return $"PostgreSQL at {settings.Address}, database {settings.DatabaseName}, schema {Schema}";
        }

        /// <summary>A connection string holds a password.</summary>
        public override string ToString() => $"PostgreSQL, schema {Schema}";
    }
}

public enum PostgresSsl
{
    Off,

    /// <summary>Encrypted, the server's certificate not verified.</summary>
    Require,

    /// <summary>Encrypted, certificate and host name verified.</summary>
    VerifyFull,
}
