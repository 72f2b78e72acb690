using System.Globalization;
using System.Text.RegularExpressions;
using Npgsql;

namespace Executor.Storage.Databases.Postgres;

/// <summary>
/// libpq's parameters (PostgreSQL's documentation, «Parameter Key Words»), a row each: what Npgsql calls it, or why a node does not
/// follow it. What would weaken the connection if it were passed over is an error, the rest a warning.
/// </summary>
internal static partial class PostgresParameters
{
    private static readonly Dictionary<string, Action<Given>> Known = new(StringComparer.Ordinal)
    {
        // Whom to reach.
        ["dbname"] = given => given.Builder.Database = given.Value,
        ["user"] = given => given.Builder.Username = given.Value,
        ["password"] = given => given.Builder.Password = given.Value,
        ["passfile"] = given => given.Builder.Passfile = given.Value,
        ["hostaddr"] = given => given.Refuse("name the address as the host"),
        ["service"] = given => given.Refuse("write out what the service file says"),
        ["servicefile"] = given => given.Refuse("write out what the service file says"),
        ["replication"] = given => given.Refuse("a node needs an ordinary connection"),
        ["target_session_attrs"] = given => given.OneOf(
            "any, read-write or primary: a node writes", word => given.Builder.TargetSessionAttributes = word, "any", "read-write", "primary"),
        ["load_balance_hosts"] = given => given.OneOf(
            "disable or random", word => given.Builder.LoadBalanceHosts = word == "random", "disable", "random"),

        // Security.
        ["sslmode"] = given => given.OneOf(
            "disable, allow, prefer, require, verify-ca or verify-full", given.UseSslMode, "disable", "allow", "prefer", "require", "verify-ca", "verify-full"),
        ["ssl"] = given => given.OneOf("true; use sslmode for anything else", _ => { }, "true"),
        ["sslrootcert"] = given => given.UseRootCertificate(),
        ["sslcert"] = given => given.Builder.SslCertificate = given.Value,
        ["sslkey"] = given => given.Builder.SslKey = given.Value,
        ["sslpassword"] = given => given.Builder.SslPassword = given.Value,
        ["sslnegotiation"] = given => given.OneOf(
            "postgres or direct",
            word => given.Builder.SslNegotiation = word == "direct" ? SslNegotiation.Direct : SslNegotiation.Postgres,
            "postgres", "direct"),
        ["sslcertmode"] = given => given.OneOf("allow", _ => { }, "allow"),
        ["sslsni"] = given => given.OneOf("1", _ => { }, "1"),
        ["sslcompression"] = given => given.OneOf("0", _ => { }, "0"),
        ["sslcrl"] = given => given.Refuse("revocation lists are not read from a file"),
        ["sslcrldir"] = given => given.Refuse("revocation lists are not read from a file"),
        ["ssl_min_protocol_version"] = given => given.Refuse("the operating system's policy decides"),
        ["ssl_max_protocol_version"] = given => given.Refuse("the operating system's policy decides"),
        ["requiressl"] = given => given.Refuse("use sslmode"),
        ["requirepeer"] = given => given.Refuse("the server's user is not looked at"),
        ["require_auth"] = given => given.Builder.RequireAuth = given.Value.Replace("scram-sha-256", "ScramSHA256", StringComparison.OrdinalIgnoreCase),
        ["channel_binding"] = given => given.OneOf(
            "disable, prefer or require", word => given.Builder.ChannelBinding = Enum.Parse<ChannelBinding>(word, ignoreCase: true), "disable", "prefer", "require"),
        ["gssencmode"] = given => given.OneOf(
            "disable, prefer or require",
            word => given.Builder.GssEncryptionMode = Enum.Parse<GssEncryptionMode>(word, ignoreCase: true), "disable", "prefer", "require"),
        ["krbsrvname"] = given => given.Builder.KerberosServiceName = given.Value,
        ["gsslib"] = given => given.OneOf("gssapi", _ => { }, "gssapi"),
        ["gssdelegation"] = given => given.OneOf("0", _ => { }, "0"),

        // The connection's life.
        ["connect_timeout"] = given => given.UseConnectTimeout(),
        ["keepalives"] = given => given.OneOf("0 or 1", word => given.Builder.TcpKeepAlive = word == "1", "0", "1"),
        ["keepalives_idle"] = given => given.Seconds(seconds => given.Builder.TcpKeepAliveTime = seconds),
        ["keepalives_interval"] = given => given.Seconds(seconds => given.Builder.TcpKeepAliveInterval = seconds),
        ["keepalives_count"] = given => given.PassOver("the operating system's count holds"),
        ["tcp_user_timeout"] = given => given.PassOver("the node's own time-outs hold"),

        // The session.
        ["application_name"] = given => given.Builder.ApplicationName = given.Value,
        ["fallback_application_name"] = given => given.Builder.ApplicationName ??= given.Value,
        ["options"] = given => given.UseOptions(),
        ["client_encoding"] = given => given.OneOf("UTF8 or auto", _ => { }, "utf8", "utf-8", "auto"),
    };

    /// <summary>The driver's own words, for what libpq does not have: its pool.</summary>
    private static readonly HashSet<string> OfTheDriver = new(StringComparer.OrdinalIgnoreCase)
    {
        "MaximumPoolSize", "MaxPoolSize", "MinimumPoolSize", "MinPoolSize", "ConnectionIdleLifetime", "ConnectionLifetime",
        "ConnectionPruningInterval", "MaxAutoPrepare", "HostRecheckSeconds",
    };

    public static void Apply(PostgresUrl url, string name, string value, IReadOnlyDictionary<string, string> all)
    {
        if (Known.TryGetValue(name, out var apply))
            Try(url, name, () => apply(new Given(url, name, value, all)));
        else if (OfTheDriver.Contains(name.Replace(" ", "", StringComparison.Ordinal)))
            Try(url, name, () => url.Builder[name] = value);
        else
            url.Fail($"has the parameter {Show(name)}, which is not known.{Nearest(name)}");
    }

    /// <summary>A name only where it looks like one: the rest of a password that was not escaped is not repeated.</summary>
    public static string Show(string name) => Name().IsMatch(name) ? $"'{name}'" : "of an odd name";

    private static void Try(PostgresUrl url, string name, Action apply)
    {
        try
        {
            apply();
        }
        catch (Exception wrong) when (wrong is ArgumentException or FormatException or InvalidCastException or OverflowException or NotSupportedException)
        {
            // Not its message, which quotes the value.
            url.Fail($"has the parameter {Show(name)} with a value that cannot be used.");
        }
    }

    private static string Nearest(string name) => Spelling.Nearest(name, Known.Keys.Append("host").Append("port")) is { } nearest
        ? $" Is '{nearest}' meant?"
        : "";

    [GeneratedRegex(@"^[A-Za-z][A-Za-z0-9_ -]{0,39}\z", RegexOptions.CultureInvariant, 1000)]
    private static partial Regex Name();

    /// <summary>One parameter of a URL, and the ways to follow it.</summary>
    private sealed record Given(PostgresUrl Url, string Name, string Value, IReadOnlyDictionary<string, string> All)
    {
        private static readonly string[] Own =
            ["synchronous_commit", "statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout", "tcp_keepalives", "search_path"];

        public NpgsqlConnectionStringBuilder Builder => Url.Builder;

        public void Refuse(string instead) => Url.Fail($"has the parameter '{Name}', which is not supported: {instead}.");

        public void PassOver(string because) => Url.Warn($"has the parameter '{Name}', which has no effect: {because}.");

        public void OneOf(string allowed, Action<string> use, params ReadOnlySpan<string> words)
        {
            foreach (var word in words)
            {
                if (string.Equals(word, Value, StringComparison.OrdinalIgnoreCase))
                {
                    use(word);
                    return;
                }
            }

            Url.Fail($"has the parameter '{Name}', which must be {allowed}.");
        }

        public void UseSslMode(string word)
        {
            Builder.SslMode = Enum.Parse<SslMode>(word.Replace("-", "", StringComparison.Ordinal), ignoreCase: true);
            if (word is "allow" or "prefer")
                Url.Warn($"has the parameter 'sslmode' as {word}: whoever is in between can have the connection in the clear; verify-full prevents it.");
            if (word is "disable" or "allow" or "prefer" && All.ContainsKey("sslrootcert"))
                Url.Warn($"has the parameter 'sslrootcert', which has no effect while sslmode is {word}.");
        }

        public void UseRootCertificate()
        {
            // libpq: the system's authorities, and then nothing weaker than verify-full.
            if (Value != "system")
                Builder.RootCertificate = Value;
            else if (All.GetValueOrDefault("sslmode", "verify-full") != "verify-full")
                Url.Fail("has the parameter 'sslrootcert' as system, which needs sslmode=verify-full.");
        }

        public void UseConnectTimeout()
        {
            if (Value.TrimStart('-').All(digit => digit == '0') || Value.StartsWith('-'))
                PassOver("a node does not wait for a connection without end");
            else
                Seconds(seconds => Builder.Timeout = seconds);
        }

        public void UseOptions()
        {
            Builder.Options = Value;
            foreach (var own in Own.Where(own => Value.Contains(own, StringComparison.OrdinalIgnoreCase)))
                Url.Warn($"has the parameter 'options' with {own}, which a node sets itself.");
        }

        public void Seconds(Action<int> use)
        {
            if (int.TryParse(Value, NumberStyles.None, CultureInfo.InvariantCulture, out var seconds) && seconds <= 1000)
            {
                if (seconds > 0) // libpq: zero is the default
                    use(seconds);
            }
            else
            {
                Url.Fail($"has the parameter '{Name}', which must be a number of seconds, at most 1000.");
            }
        }
    }
}
