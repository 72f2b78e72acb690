using System.Text.RegularExpressions;
using Npgsql;

namespace Executor.Storage.Databases.Postgres;

/// <summary>Validated settings, and the connection strings made from them. Holds a password: nothing prints it.</summary>
internal sealed partial class PostgresSettings
{
    // Durable means on the disk, and on the synchronous standby where there is one. No statement or idle transaction of ours may hold its
    // locks for long. So whoever waits for a row outlasts a node that is frozen in the middle of a transaction. A client whose host has
    // died is noticed, and its locks are freed.
    private const string Session =
        "-c synchronous_commit=on -c statement_timeout=15000 -c lock_timeout=10000 -c idle_in_transaction_session_timeout=5000 "
        + ServerKeepalives;

    private const string ServerKeepalives = "-c tcp_keepalives_idle=5 -c tcp_keepalives_interval=2 -c tcp_keepalives_count=3";

    /// <summary>Who waits longer for a connection looks like a lost node to the others; for its work the operator may wait longer.</summary>
    private const int MaxConnectSeconds = 10;

    private PostgresSettings(string schema, NpgsqlConnectionStringBuilder pooled, string notifications, string liveness)
    {
        Schema = schema;
        Pooled = pooled.ConnectionString;
        Membership = new NpgsqlConnectionStringBuilder(Pooled) { MaxPoolSize = 3, MinPoolSize = 0, CommandTimeout = 5 }.ConnectionString;
        Address = string.Join(',', (pooled.Host ?? "").Split(',').Select(host => AddressOf(host, pooled.Port)));
        User = pooled.Username ?? Environment.UserName;
        DatabaseName = pooled.Database ?? User;
        Notifications = notifications;
        Liveness = liveness;
    }

    public string Schema { get; }

    public string QuotedSchema => $"\"{Schema}\"";

    /// <summary>Hosts and ports, as an operator may see them.</summary>
    public string Address { get; }

    public string User { get; }

    public string DatabaseName { get; }

    public string Pooled { get; }

    public string Membership { get; }

    /// <summary>For one connection that listens and one that notifies.</summary>
    public string Notifications { get; }

    /// <summary>For connections that hold a lock as long as they live.</summary>
    public string Liveness { get; }

    public static PostgresSettings From(StorageProvider.Postgres options)
    {
        // It goes into DDL, where there are no parameters.
        if (options.Schema.Length > 63 || !Identifier().IsMatch(options.Schema))
            throw new StorageStartException("The schema's name must be a PostgreSQL identifier of at most 63 characters.");

        var pooled = Common(options.ConnectionString, options, Session);
        pooled.CommandTimeout = 20;
        pooled.KeepAlive = 30;
        pooled.MaxAutoPrepare = Math.Max(pooled.MaxAutoPrepare, 50);

        // The driver's default is as many as a server's default allows to all its clients. With fewer, work waits in this process for a
        // free one. Otherwise the server may refuse a connection, perhaps the one that a lost lock is to be taken again with.
        if (!pooled.ShouldSerialize("Maximum Pool Size"))
            pooled.MaxPoolSize = 32;

        // Locks and settings of ours end with their transaction, which closing ends in any case. Resetting the session besides would be
        // seven more statements each time.
        pooled.NoResetOnClose = true;

        // Nobody waits for a notification's flush: a lost one costs latency only.
        var direct = options.DirectConnectionString ?? options.ConnectionString;
        var notifications = Common(direct, options, "-c synchronous_commit=off " + ServerKeepalives);
        var liveness = Common(direct, options, ServerKeepalives);
        foreach (var builder in new[] { notifications, liveness })
        {
            builder.Pooling = false;
            builder.Timeout = Math.Min(builder.Timeout, MaxConnectSeconds);
            builder.CommandTimeout = 5;
            builder.KeepAlive = 2;
            if (builder.TcpKeepAlive) // seconds
                (builder.TcpKeepAliveTime, builder.TcpKeepAliveInterval) = (5, 2);
        }

        return new PostgresSettings(
            options.Schema, pooled, notifications.ConnectionString, liveness.ConnectionString);
    }

    private static NpgsqlConnectionStringBuilder Common(string text, StorageProvider.Postgres options, string session)
    {
        var builder = Parse(text);
        builder.SearchPath = $"\"{options.Schema}\"";
        builder.Options = string.IsNullOrEmpty(builder.Options) ? session : $"{builder.Options} {session}";
        builder.ApplicationName ??= "executor";

        // A local socket has no keepalive, and refuses to be told of one; nor does TLS exist there.
        var hosts = (builder.Host ?? "").Split(',');
        builder.TcpKeepAlive = !hosts.Any(IsSocket) && (builder.TcpKeepAlive || !builder.ShouldSerialize("TCP Keepalive"));
        if (!builder.TcpKeepAlive)
            builder.TcpKeepAliveTime = builder.TcpKeepAliveInterval = 0;
        if (!builder.ShouldSerialize("Timeout"))
            builder.Timeout = MaxConnectSeconds;
        builder.IncludeErrorDetail = false;
        builder.SslMode = options.Ssl switch
        {
            PostgresSsl.Off => SslMode.Disable,
            PostgresSsl.Require => SslMode.Require,
            PostgresSsl.VerifyFull => SslMode.VerifyFull,
            _ => builder.SslMode,
        };

        // As libpq has it: whoever names authorities wants them asked.
        if (builder.SslMode == SslMode.Require && !string.IsNullOrEmpty(builder.RootCertificate))
            builder.SslMode = SslMode.VerifyCA;
        if (hosts.All(IsSocket))
            builder.SslMode = SslMode.Disable;
        return builder;
    }

    private static string AddressOf(string host, int port)
    {
        if (IsSocket(host))
            return $"{host}/.s.PGSQL.{port}";
        var isBare = host.Count(letter => letter == ':') > 1 && !host.StartsWith('['); // an IPv6 address
        var hasPort = !isBare && host.LastIndexOf(':') > host.LastIndexOf(']');
        return hasPort ? host : $"{(isBare ? $"[{host}]" : host)}:{port}";
    }

    private static bool IsSocket(string host) => host is ['/' or '@', ..];

    /// <exception cref="StorageStartException">Names what is wrong; the value, which may hold the password, is not quoted.</exception>
    private static NpgsqlConnectionStringBuilder Parse(string text)
    {
        if (PostgresUrl.IsUrl(text))
        {
            var url = PostgresUrl.Parse(text);
            return url.Errors.Count == 0 ? url.Builder : throw new StorageStartException($"The PostgreSQL URL {url.Errors[0]}");
        }

        return ReadKeywords(text) ?? throw new StorageStartException("The PostgreSQL connection string is not valid.");
    }

    private static NpgsqlConnectionStringBuilder? ReadKeywords(string text)
    {
        try
        {
            return new NpgsqlConnectionStringBuilder(text);
        }
        catch (Exception fault) when (fault is ArgumentException or FormatException or InvalidOperationException or KeyNotFoundException)
        {
            // The cause quotes what it could not read.
            return null;
        }
    }

    [GeneratedRegex("^[a-zA-Z_][a-zA-Z0-9_$]*\\z", RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Identifier();
}
