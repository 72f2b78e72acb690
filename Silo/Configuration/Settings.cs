namespace Executor.Silo.Configuration;

/// <summary>Every setting that there is.</summary>
internal static class Settings
{
    public static readonly Setting AuthSecret = new(
        "EXECUTOR_AUTH_SECRET", "required: signs the callers' JWTs (HS256); at least 32 bytes", "FOREST_AUTH_SECRET", IsSecret: true);

    public static readonly Setting EncryptionKey = new(
        "EXECUTOR_ENCRYPTION_KEY", "encrypts credentials: 32 bytes in hex or base64", "FOREST_EXECUTOR_ENCRYPTION_KEY", IsSecret: true);

    public static readonly Setting RetiredKeys = new(
        "EXECUTOR_ENCRYPTION_KEYS_RETIRED", "earlier keys, comma-separated, that still open what they sealed", IsSecret: true);

    public static readonly Setting McpServers = new("EXECUTOR_MCP_SERVERS", "path of the servers file");

    public static readonly Setting NodeName = new("EXECUTOR_NODE_NAME", "this node's name (the host's name)");

    public static readonly Setting TokenLifetime = new(
        "EXECUTOR_TOKEN_LIFETIME_S", "lifetime of access tokens whose provider names none (3600)");

    public static readonly Setting DatabasePath = new("EXECUTOR_DATABASE_PATH", "SQLite file, when no PostgreSQL is named (executor.db)");
    public static readonly Setting DatabaseUrl = new("DATABASE_URL", "PostgreSQL: postgres://user:password@host:port/database", IsSecret: true);
    public static readonly Setting DatabaseHost = new("DATABASE_HOST", "or its parts: host,");
    public static readonly Setting DatabasePort = new("DATABASE_PORT", "port (5432),");
    public static readonly Setting DatabaseName = new("DATABASE_NAME", "database,");
    public static readonly Setting DatabaseUser = new("DATABASE_USER", "user,");
    public static readonly Setting DatabasePassword = new("DATABASE_PASSWORD", "password", IsSecret: true);

    public static readonly Setting DatabaseSsl = new(
        "DATABASE_SSL", "true (verifies certificate and host), require (encrypts without verifying) or false (true)");

    public static readonly Setting DatabaseSchema = new("DATABASE_SCHEMA", "schema in PostgreSQL (executor)");
    public static readonly Setting HttpHost = new("HTTP_HOST", "IP address to listen on, localhost, or * for all (*)");
    public static readonly Setting HttpPort = new("HTTP_PORT", "port to listen on; 0 takes a free one (3400)");
    public static readonly Setting StepTimeout = new("STEP_TIMEOUT_S", "time-out of steps that name none (300)");
    public static readonly Setting StopTimeout = new("STOP_TIMEOUT_S", "what running steps get when the node stops (30)");
    public static readonly Setting RunRetention = new("RUN_RETENTION_DAYS", "finished runs are deleted after it (30)");
    public static readonly Setting SiloAddress = new(
        "SILO_ADDRESS", "on PostgreSQL: IP address of this machine at which other silos reach this one (its only one; in development 127.0.0.1)");

    public static readonly Setting SiloPort = new("SILO_PORT", "port for other silos; 0 takes a free one (11111)");
    public static readonly Setting SiloClusterId = new("SILO_CLUSTER_ID", "silos of one id are one cluster (the database's own id)");
    public static readonly Setting SiloProbeTimeout = new("SILO_PROBE_TIMEOUT_MS", "how often silos probe each other, and wait for the answer (1000)");
    public static readonly Setting SiloMissedProbes = new("SILO_MISSED_PROBES", "so many probes without an answer are a vote for a silo's death (3)");
    public static readonly Setting SiloTlsCertificate = new("SILO_TLS_CERTIFICATE", "PEM file: this silo's certificate, for server and client,");
    public static readonly Setting SiloTlsKey = new("SILO_TLS_KEY", "PEM file: its key,");
    public static readonly Setting SiloTlsAuthority = new("SILO_TLS_AUTHORITY", "PEM file: who has signed those of all silos (all three made from the encryption key)");
    public static readonly Setting LogLevel = new("LOG_LEVEL", "Debug, Info, Warn or Error (Info)");

    public static readonly Setting LogFormat = new("LOG_FORMAT", "text or json (text on a terminal, otherwise json)");

    public static readonly Setting Environment = new(
        "ASPNETCORE_ENVIRONMENT", "Development lets token endpoints be plain http and on this machine, and keeps silos to it");

    public static readonly Setting SendTraceparent = new(
        "EXECUTOR_SEND_TRACEPARENT", "true tells MCP and OAuth servers the traceparent of a request; nothing else of a trace is told (false)");

    public static readonly Setting OtlpEndpoint = new("OTEL_EXPORTER_OTLP_ENDPOINT", "where traces and metrics go");

    public static readonly IReadOnlyList<Setting> All =
    [
        AuthSecret, EncryptionKey, RetiredKeys, McpServers, NodeName, TokenLifetime, DatabasePath, DatabaseUrl, DatabaseHost, DatabasePort,
        DatabaseName, DatabaseUser, DatabasePassword, DatabaseSsl, DatabaseSchema, HttpHost, HttpPort, StepTimeout, StopTimeout, RunRetention,
        SiloAddress, SiloPort, SiloClusterId, SiloProbeTimeout, SiloMissedProbes, SiloTlsCertificate, SiloTlsKey, SiloTlsAuthority,
        LogLevel, LogFormat, Environment, SendTraceparent, OtlpEndpoint,
    ];
}
