using System.Net;
using System.Net.Sockets;
using System.Text.RegularExpressions;
using Executor.Storage;
using Executor.Storage.Databases.Postgres;

namespace Executor.Silo.Configuration;

/// <summary>Where the data is: in memory, in PostgreSQL when one is named, otherwise in a SQLite file.</summary>
internal static partial class DatabaseSettings
{
    public static StorageProvider Read(SettingValues values, bool inMemory)
    {
        var postgres = ReadUrl(values) ?? ReadParts(values);
        var schema = ReadSchema(values);
        var ssl = ReadSsl(values, postgres);
        if (postgres is not null && values.Has(Settings.DatabasePath))
            values.Refuse(Settings.DatabasePath, "names a SQLite file, and DATABASE_* names a PostgreSQL; set one of them.");

        // Trials with the environment of a real node are what the flag is for: it wins.
        if (inMemory)
            return new StorageProvider.SqliteInMemory();
        return postgres is not null
            ? new StorageProvider.Postgres(postgres, schema, ssl)
            : new StorageProvider.Sqlite(values.Find(Settings.DatabasePath) ?? "executor.db");
    }

    private static string? ReadUrl(SettingValues values)
    {
        if (values.Find(Settings.DatabaseUrl) is not { } text)
            return null;
        var url = PostgresUrl.Parse(text);
        foreach (var error in url.Errors)
            values.Refuse(Settings.DatabaseUrl, error);
        foreach (var warning in url.Warnings)
            values.Warn(Settings.DatabaseUrl, warning);
        return text;
    }

    /// <summary>As the reference has them: host, name and user go together; DATABASE_URL wins over all of them.</summary>
    private static string? ReadParts(SettingValues values)
    {
        Setting[] needed = [Settings.DatabaseHost, Settings.DatabaseName, Settings.DatabaseUser];
        var missing = needed.Where(part => !values.Has(part)).ToList();
        var port = values.Integer(Settings.DatabasePort, 5432, 1, 65_535);
        if (values.Has(Settings.DatabaseUrl) || missing.Count == needed.Length)
            return null;
        foreach (var part in missing)
            values.Refuse(part, "is required beside the other parts of the database's address.");
        if (missing.Count > 0)
            return null;

        var host = values.Find(Settings.DatabaseHost)!;
        if (IPAddress.TryParse(host.Trim('[', ']'), out var address) && address.AddressFamily == AddressFamily.InterNetworkV6)
            host = $"[{address}]";
        else if (Uri.CheckHostName(host) == UriHostNameType.Unknown)
            values.Refuse(Settings.DatabaseHost, "must be a host name or an IP address.");
        var user = Uri.EscapeDataString(values.Find(Settings.DatabaseUser)!);
        var password = values.Find(Settings.DatabasePassword) is { } text ? ":" + Uri.EscapeDataString(text) : "";
        return $"postgres://{user}{password}@{host}:{port}/{Uri.EscapeDataString(values.Find(Settings.DatabaseName)!)}";
    }

    private static PostgresSsl? ReadSsl(SettingValues values, string? url)
    {
        // What the URL itself says is not overruled by a default, nor silently by a setting.
        var own = url is null ? null : PostgresUrl.Parse(url).SslMode;
        var unset = own is null ? PostgresSsl.VerifyFull : (PostgresSsl?)null;
        var ssl = values.Word(
            Settings.DatabaseSsl, unset, "true, require or false",
            ("true", PostgresSsl.VerifyFull), ("1", PostgresSsl.VerifyFull), ("yes", PostgresSsl.VerifyFull), ("on", PostgresSsl.VerifyFull),
            ("require", PostgresSsl.Require),
            ("false", PostgresSsl.Off), ("0", PostgresSsl.Off), ("no", PostgresSsl.Off), ("off", PostgresSsl.Off));
        if (own is not null && ssl is not null && !string.Equals(own, SslMode(ssl.Value), StringComparison.OrdinalIgnoreCase))
            values.Refuse(Settings.DatabaseSsl, $"contradicts the sslmode in {Settings.DatabaseUrl.Name}; set one of them.");
        return ssl;
    }

    private static string SslMode(PostgresSsl ssl) => ssl switch
    {
        PostgresSsl.VerifyFull => "verify-full",
        PostgresSsl.Require => "require",
        _ => "disable",
    };

    private static string ReadSchema(SettingValues values)
    {
        var schema = values.Find(Settings.DatabaseSchema)?.Trim() ?? "executor";
        if (schema.Length > 63 || !Identifier().IsMatch(schema))
            values.Refuse(Settings.DatabaseSchema, "must be a PostgreSQL identifier: letters, digits, '_' and '$', at most 63.");
        return schema;
    }

    [GeneratedRegex(@"^[a-zA-Z_][a-zA-Z0-9_$]*\z", RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Identifier();
}
