using System.Net;
using System.Text;
using Executor.Http.Authentication;
using Executor.Identity;
using Executor.Security;
using Executor.Servers;
using Executor.Storage;

namespace Executor.Silo.Configuration;

/// <summary>Reads and checks all settings, and complains about all of them at once.</summary>
internal static class SettingsReader
{
    /// <param name="environment">Null for the process's own, with the default settings file beside it.</param>
    /// <param name="names">Of all variables of that environment; null for the process's own where <paramref name="environment"/> is, else none.</param>
    /// <exception cref="ConfigurationException">Names everything that is wrong.</exception>
    public static ServerSettings Read(IReadOnlyList<string> args, Func<string, string?>? environment, IEnumerable<string>? names = null)
    {
        var errors = new List<string>();
        var line = CommandLine.Parse(args, errors);
        var path = line.ConfigPath ?? (environment is null ? SettingsFile.DefaultPath : null);
        var file = SettingsFile.Read(path, mustExist: line.ConfigPath is not null, errors);
        names ??= environment is null ? Environment.GetEnvironmentVariables().Keys.Cast<string>() : [];
        environment ??= Environment.GetEnvironmentVariable;
        var asked = new HashSet<string>(StringComparer.Ordinal);
        var values = new SettingValues(line, Ask, file, errors);
        var secret = ReadAuthSecret(values);
        var keyring = KeySettings.Read(values);
        var storage = DatabaseSettings.Read(values, line.InMemory);
        var isDevelopment = string.Equals(values.Find(Settings.Environment), "Development", StringComparison.OrdinalIgnoreCase);
        var settings = new ServerSettings
        {
            Authentication = secret!,
            Keyring = keyring,
            ReplacesLostKey = line.ReplacesLostKey,
            Servers = ReadServers(values, Ask, errors),
            Storage = storage,
            Silo = line.AdoptsCopy ? null : ReadSilo(values, storage, keyring, isDevelopment),
            NodeName = ReadNodeName(values),
            TokenLifetime = TimeSpan.FromSeconds(values.Integer(Settings.TokenLifetime, 3600, 1, 30 * 86_400)),
            HttpHost = ReadHost(values),
            IsHttpLocal = IsLocal(values.Find(Settings.HttpHost)),
            HttpPort = values.Integer(Settings.HttpPort, 3400, 0, 65_535),
            StepTimeout = TimeSpan.FromSeconds(values.Integer(Settings.StepTimeout, 300, 1, 86_400)),
            StopTimeout = TimeSpan.FromSeconds(values.Integer(Settings.StopTimeout, 30, 1, 86_400)),
            RunRetentionDays = values.Integer(Settings.RunRetention, 30, 1, 36_500),
            LogLevel = values.Word(
                Settings.LogLevel, LogLevel.Information, "Debug, Info, Warn or Error",
                ("debug", LogLevel.Debug), ("info", LogLevel.Information), ("warn", LogLevel.Warning), ("error", LogLevel.Error)),
            LogFormat = values.Word(
                Settings.LogFormat, Console.IsOutputRedirected ? LogFormat.Json : LogFormat.Text, "text or json",
                ("text", LogFormat.Text), ("json", LogFormat.Json)),
            IsDevelopment = isDevelopment,
            SendTraceparent = values.Word(Settings.SendTraceparent, false, "true or false", ("true", true), ("false", false)),
            OtlpEndpoint = ReadEndpoint(values),
            Warnings = [],
        };
        return errors.Count == 0
            ? settings with { Warnings = [.. values.Warnings, .. UnknownNames.Warnings(names, asked, environment)] }
            : throw ConfigurationException.From(errors);

        string? Ask(string name)
        {
            asked.Add(name);
            return environment(name);
        }
    }

    private static SiloSettings? ReadSilo(SettingValues values, StorageProvider storage, Keyring keyring, bool isDevelopment)
    {
        if (storage is StorageProvider.Postgres)
            return SiloSettings.Read(values, keyring, isDevelopment);
        foreach (var setting in Settings.All.Where(setting => setting.Name.StartsWith("SILO_", StringComparison.Ordinal) && values.Has(setting)))
            values.Warn(setting, "means nothing here: without PostgreSQL a silo is alone.");
        return null;
    }

    private static AuthenticationSettings? ReadAuthSecret(SettingValues values)
    {
        if (values.Find(Settings.AuthSecret) is not { } secret)
            values.Refuse(Settings.AuthSecret, "is required: the secret that callers' JWTs are signed with, at least 32 bytes.");
        else if (Encoding.UTF8.GetByteCount(secret) < AuthenticationSettings.MinimumSecretBytes)
            values.Refuse(Settings.AuthSecret, $"must have at least {AuthenticationSettings.MinimumSecretBytes} bytes.");
        else
            return new AuthenticationSettings(secret);
        return null;
    }

    private static IMcpServerCatalog ReadServers(SettingValues values, Func<string, string?> environment, List<string> errors)
    {
        if (values.Find(Settings.McpServers) is not { } path)
            return McpServerCatalog.Empty;
        if (!File.Exists(path))
        {
            values.Refuse(Settings.McpServers, $"names a file that does not exist (a relative path starts from {Environment.CurrentDirectory}).");
            return McpServerCatalog.Empty;
        }

        switch (McpServersFile.Load(path, environment))
        {
            case ServersFileOutcome.Loaded loaded:
                return loaded.Catalog;
            case ServersFileOutcome.Invalid invalid:
                errors.AddRange(invalid.Errors.Select(error => $"{Settings.McpServers.Name}: {error}"));
                break;
        }

        return McpServerCatalog.Empty;
    }

    private static string ReadNodeName(SettingValues values)
    {
        var name = values.Find(Settings.NodeName) ?? Environment.MachineName;
        if (name.Length > 255 || !WellFormed.Text(name))
            values.Refuse(Settings.NodeName, "must have at most 255 characters, without control characters.");
        return name;
    }

    private static IPAddress? ReadHost(SettingValues values)
    {
        if (values.Find(Settings.HttpHost) is not { } text || text == "*" || IsLocal(text))
            return null;
        if (IPAddress.TryParse(text, out var address))
            return address;
        values.Refuse(Settings.HttpHost, "must be an IP address, localhost or *.");
        return null;
    }

    private static bool IsLocal(string? host) => string.Equals(host, "localhost", StringComparison.OrdinalIgnoreCase);

    private static Uri? ReadEndpoint(SettingValues values)
    {
        if (values.Find(Settings.OtlpEndpoint) is not { } text)
            return null;
        if (Uri.TryCreate(text, UriKind.Absolute, out var uri) && (uri.Scheme is "http" or "https"))
            return uri;
        values.Refuse(Settings.OtlpEndpoint, "must be an http or https URL.");
        return null;
    }
}
