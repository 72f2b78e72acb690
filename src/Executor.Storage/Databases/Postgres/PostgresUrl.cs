using System.Globalization;
using System.Net;
using System.Text.RegularExpressions;
using Npgsql;

namespace Executor.Storage.Databases.Postgres;

/// <summary>
/// <c>postgres://user:password@host:port,host:port/database?parameter=value</c>, read as libpq reads it (PostgreSQL's documentation,
/// «Connection URIs»). Whatever cannot be followed is named; no value is quoted, since any may be the password.
/// </summary>
public sealed partial class PostgresUrl
{
    private readonly List<string> _errors = [];
    private readonly List<string> _warnings = [];
    private readonly List<(string Host, string Port)> _hosts = [];

    private PostgresUrl()
    {
    }

    /// <summary>Why it cannot be used; whole sentences without a subject.</summary>
    public IReadOnlyList<string> Errors => _errors;

    /// <summary>What of it has no effect here, and weakens nothing.</summary>
    public IReadOnlyList<string> Warnings => _warnings;

    /// <summary>Its <c>sslmode</c>; null when it says none.</summary>
    public string? SslMode { get; private set; }

    internal NpgsqlConnectionStringBuilder Builder { get; } = new();

    public static bool IsUrl(string text) => Scheme().IsMatch(text);

    public static PostgresUrl Parse(string text)
    {
        var url = new PostgresUrl();
        url.Read(text);
        return url;
    }

    internal void Fail(string error) => _errors.Add(error);

    internal void Warn(string warning) => _warnings.Add(warning);

    private void Read(string text)
    {
        if (Scheme().Match(text) is not { Success: true } scheme)
        {
            Fail("must be postgres://user:password@host:port/database.");
            return;
        }

        var rest = text[scheme.Length..];
        var end = rest.IndexOfAny(['@', '/']);
        if (end >= 0 && rest[end] == '@')
        {
            ReadUser(rest[..end]);
            rest = rest[(end + 1)..];
        }

        var query = rest.IndexOf('?', StringComparison.Ordinal);
        var path = query < 0 ? rest : rest[..query];
        if (path.Contains('@', StringComparison.Ordinal) || (query >= 0 && rest.AsSpan(query).Contains('@')))
        {
            Fail("has an '@' or '/' in its user name or password that must be written %40 or %2F.");
            return;
        }

        var slash = path.IndexOf('/', StringComparison.Ordinal);
        ReadHosts(slash < 0 ? path : path[..slash]);
        if (slash >= 0 && Decode(path[(slash + 1)..], "database") is { Length: > 0 } database)
            Builder.Database = database;
        if (query >= 0)
            ReadParameters(rest[(query + 1)..]);
        if (_errors.Count == 0)
            UseHosts();
    }

    private void ReadUser(string text)
    {
        var parts = text.Split(':', 2);
        if (Decode(parts[0], "user name") is { Length: > 0 } user)
            Builder.Username = user;
        if (parts.Length > 1 && Decode(parts[1], "password") is { Length: > 0 } password)
            Builder.Password = password;
    }

    private void ReadHosts(string authority)
    {
        foreach (var part in authority.Split(','))
        {
            if (Authority().Match(part) is not { Success: true } match)
                Fail("names a host or port that cannot be read: host:port, several of them with commas, IPv6 addresses in brackets.");
            else if (Decode(match.Groups["host"].Value, "host") is { } host)
                _hosts.Add((host, match.Groups["port"].Value));
        }
    }

    private void ReadParameters(string query)
    {
        var given = new Dictionary<string, string>(StringComparer.Ordinal);
        var pairs = query.Split('&');
        for (var i = 0; i < pairs.Length; i++)
        {
            var pair = pairs[i].Split('=');
            if (pair is [""])
                continue;
            if (pair.Length != 2 || Decode(pair[0], "name of a parameter") is not { } name)
                Fail($"has a query whose part {i + 1} is not parameter=value.");
            else if (Decode(pair[1], $"parameter {PostgresParameters.Show(name)}") is { } value && !given.TryAdd(name, value))
                Fail($"has the parameter {PostgresParameters.Show(name)} twice.");
        }

        SslMode = given.GetValueOrDefault("sslmode");
        if (given.Remove("host", out var hosts))
        {
            _hosts.Clear();
            _hosts.AddRange(hosts.Split(',').Select(host => (host, "")));
        }

        if (given.Remove("port", out var ports))
            UsePorts(ports.Split(','));
        foreach (var (name, value) in given)
            PostgresParameters.Apply(this, name, value, given);
    }

    private void UsePorts(string[] ports)
    {
        if (ports.Length != 1 && ports.Length != _hosts.Count)
            Fail("must have one port, or one for each host.");
        else
            for (var i = 0; i < _hosts.Count; i++)
                _hosts[i] = (_hosts[i].Host, ports[ports.Length == 1 ? 0 : i]);
    }

    private void UseHosts()
    {
        var hosts = new List<string>();
        foreach (var (name, port) in _hosts)
        {
            var isSocket = name is ['/' or '@', ..];
            var host = name.Trim('[', ']');
            if (host.Length == 0)
                Fail("names no host.");
            else if (!isSocket && Uri.CheckHostName(host) == UriHostNameType.Unknown)
                Fail("names a host that is neither a name nor an address.");
            else if (port.Length > 0 && !(int.TryParse(port, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number is > 0 and <= 65_535))
                Fail("names a port that is not a number from 1 to 65535.");
            else
                hosts.Add(Written(isSocket ? host : Ascii(host), port));
        }

        if (_errors.Count > 0)
            return;
        Builder.Host = string.Join(',', hosts);

        // A node writes: where there are several, the one that takes writes is meant.
        if (hosts.Count > 1 && (string.IsNullOrEmpty(Builder.TargetSessionAttributes) || Builder.TargetSessionAttributes == "any"))
            Builder.TargetSessionAttributes = "read-write";
        if (hosts.Count == 1)
            Builder.TargetSessionAttributes = null;
    }

    private string Written(string host, string port)
    {
        if (_hosts.Count > 1)
            return (host.Contains(':', StringComparison.Ordinal) ? $"[{host}]" : host) + (port.Length > 0 ? $":{port}" : "");
        if (port.Length > 0)
            Builder.Port = int.Parse(port, CultureInfo.InvariantCulture);
        return host;
    }

    private static string Ascii(string host) =>
        IPAddress.TryParse(host, out _) || System.Text.Ascii.IsValid(host) ? host : new Uri($"tcp://{host}").IdnHost;

    private string? Decode(string text, string what)
    {
        if (!BrokenEscape().IsMatch(text) && Uri.UnescapeDataString(text) is var plain && !plain.Contains('\0', StringComparison.Ordinal))
            return plain;
        Fail($"has a '%' in its {what} that is not followed by two hex digits; the sign itself is written %25.");
        return null;
    }

    [GeneratedRegex("^postgres(ql)?://", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Scheme();

    [GeneratedRegex(@"^(?<host>\[[^\[\]]*\]|[^:\[\]]*)(:(?<port>[0-9]*))?\z", RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Authority();

    [GeneratedRegex("%(?![0-9A-Fa-f]{2})|%00", RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex BrokenEscape();
}
