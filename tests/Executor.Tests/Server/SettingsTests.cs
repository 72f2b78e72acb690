using System.Net;
using System.Text;
using Executor.Identity;
using Executor.Silo.Configuration;
using Executor.Storage;
using Executor.Tests.Infrastructure;
using Microsoft.Extensions.Logging;

namespace Executor.Tests.Server;

public sealed class SettingsTests : IDisposable
{
    private const string Hex = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";

    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("executor-");

    public static TheoryData<string, string, string> Wrong() => new()
    {
        { "EXECUTOR_AUTH_SECRET", "", "EXECUTOR_AUTH_SECRET: is required" },
        { "EXECUTOR_AUTH_SECRET", "   ", "EXECUTOR_AUTH_SECRET: is required" },
        { "EXECUTOR_AUTH_SECRET", new string('s', 31), "EXECUTOR_AUTH_SECRET: must have at least 32 bytes" },
        { "FOREST_AUTH_SECRET", new string('o', 40), "EXECUTOR_AUTH_SECRET: differs from FOREST_AUTH_SECRET" },
        { "EXECUTOR_ENCRYPTION_KEY", Hex[1..], "EXECUTOR_ENCRYPTION_KEY: must be 32 bytes" },
        { "EXECUTOR_ENCRYPTION_KEYS_RETIRED", Hex + ",nope", "EXECUTOR_ENCRYPTION_KEYS_RETIRED: key 2" },
        { "EXECUTOR_MCP_SERVERS", "/nonexistent/servers.json", "EXECUTOR_MCP_SERVERS: names a file that does not exist" },
        { "EXECUTOR_TOKEN_LIFETIME_S", "0", "EXECUTOR_TOKEN_LIFETIME_S: must be an integer from 1" },
        { "HTTP_PORT", "65536", "HTTP_PORT: must be an integer from 0 to 65535" },
        { "HTTP_PORT", "34 00", "HTTP_PORT:" },
        { "HTTP_HOST", "example.com", "HTTP_HOST: must be an IP address" },
        { "STEP_TIMEOUT_S", "0", "STEP_TIMEOUT_S: must be" },
        { "STEP_TIMEOUT_S", "30s", "STEP_TIMEOUT_S: must be" },
        { "STEP_TIMEOUT_S", "1_000", "STEP_TIMEOUT_S: must be" },
        { "STEP_TIMEOUT_S", "-1", "STEP_TIMEOUT_S: must be" },
        { "STEP_TIMEOUT_S", "1.5", "STEP_TIMEOUT_S: must be" },
        { "STEP_TIMEOUT_S", "NaN", "STEP_TIMEOUT_S: must be" },
        { "STOP_TIMEOUT_S", "0", "STOP_TIMEOUT_S: must be" },
        { "RUN_RETENTION_DAYS", "0", "RUN_RETENTION_DAYS: must be" },
        { "LOG_LEVEL", "Trace", "LOG_LEVEL: must be Debug, Info, Warn or Error" },
        { "LOG_FORMAT", "colourful", "LOG_FORMAT: must be text or json" },
        { "DATABASE_URL", "host=db", "DATABASE_URL: must be postgres://" },
        { "DATABASE_HOST", "db", "DATABASE_NAME: is required beside" },
        { "DATABASE_SSL", "maybe", "DATABASE_SSL: must be true, require or false" },
        { "DATABASE_SCHEMA", "a b", "DATABASE_SCHEMA: must be" },
        { "DATABASE_SCHEMA", new string('s', 64), "DATABASE_SCHEMA: must be" },
        { "OTEL_EXPORTER_OTLP_ENDPOINT", "collector:4317", "OTEL_EXPORTER_OTLP_ENDPOINT: must be" },
    };

    public static TheoryData<string, string, string> WrongForSilos() => new()
    {
        { "SILO_ADDRESS", "silo-1.internal", "SILO_ADDRESS: must be the IP address" },
        { "SILO_ADDRESS", "0.0.0.0", "SILO_ADDRESS: must be the IP address" },
        { "SILO_ADDRESS", "::", "SILO_ADDRESS: must be the IP address" },
        { "SILO_ADDRESS", "224.0.0.1", "SILO_ADDRESS: must be the IP address" },
        { "SILO_ADDRESS", "7", "SILO_ADDRESS: must be the IP address" },
        { "SILO_ADDRESS", "10.1", "SILO_ADDRESS: must be the IP address" },
        { "SILO_ADDRESS", "::ffff:10.0.0.5", "SILO_ADDRESS: must be the IP address" },
        { "SILO_ADDRESS", "fe80::7", "SILO_ADDRESS: must be the IP address" },
        { "SILO_ADDRESS", "10.1.2.3", "SILO_ADDRESS: needs EXECUTOR_ENCRYPTION_KEY or SILO_TLS_CERTIFICATE" },
        { "SILO_PORT", "65536", "SILO_PORT: must be an integer from 0 to 65535" },
        { "SILO_PORT", "tcp://10.0.0.1:11111", "SILO_PORT: must be an integer" },
        { "SILO_PROBE_TIMEOUT_MS", "5", "SILO_PROBE_TIMEOUT_MS: must be an integer from 100" },
        { "SILO_MISSED_PROBES", "0", "SILO_MISSED_PROBES: must be an integer from 1" },
        { "SILO_TLS_CERTIFICATE", "/nonexistent.pem", "SILO_TLS_KEY: is required beside" },
    };

    public void Dispose() => _directory.Delete(recursive: true);

    [Theory]
    [MemberData(nameof(WrongForSilos))]
    public void Wrong_setting_of_a_cluster_is_refused_by_name(string name, string value, string complaint)
    {
        var failure = Assert.Throws<ConfigurationException>(() => Read([], ("DATABASE_URL", "postgres://u@db/executor"), (name, value)));

        Assert.Contains(complaint, failure.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(false, false, null, "127.0.0.1")] // whoever reaches the port would be a silo
    [InlineData(true, true, null, "127.0.0.1")]
    [InlineData(true, false, "10.1.2.3", "10.1.2.3")]
    [InlineData(true, false, "fd00::7", "fd00::7")]
    public void Silo_without_a_key_or_in_development_keeps_to_its_machine(bool hasKey, bool isDevelopment, string? address, string expected)
    {
        var silo = Read(
            [],
            ("DATABASE_URL", "postgres://u@db/executor"),
            ("EXECUTOR_ENCRYPTION_KEY", hasKey ? Hex : ""),
            ("ASPNETCORE_ENVIRONMENT", isDevelopment ? "Development" : ""),
            ("SILO_ADDRESS", address ?? "")).Silo;

        Assert.Equal((IPAddress.Parse(expected), 11_111, hasKey), (silo!.Address, silo.Port, silo.Tls is not null));
    }

    [Fact]
    public void Only_the_secret_is_required_and_the_rest_has_defaults()
    {
        var settings = Read();

        Assert.Equal(new StorageProvider.Sqlite("executor.db"), settings.Storage);
        Assert.Equal((3400, (IPAddress?)null), (settings.HttpPort, settings.HttpHost));
        Assert.Equal((300, 30, 3600), (settings.StepTimeout.TotalSeconds, settings.StopTimeout.TotalSeconds, settings.TokenLifetime.TotalSeconds));
        Assert.Equal((30, LogLevel.Information), (settings.RunRetentionDays, settings.LogLevel));
        Assert.False(settings.IsDevelopment);
        Assert.False(settings.Keyring.HasKey);
    }

    [Theory]
    [MemberData(nameof(Wrong))]
    public void Wrong_value_is_named_and_not_quoted(string name, string value, string message)
    {
        var refused = Assert.Throws<ConfigurationException>(() => Read([], (name, value)));

        Assert.Contains(message, refused.Message, StringComparison.Ordinal);
        if (value.Length > 8)
            Assert.DoesNotContain(value, refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Reference_names_are_accepted_alone_or_with_the_same_value()
    {
        var alone = Read([], ("EXECUTOR_AUTH_SECRET", ""), ("FOREST_AUTH_SECRET", TestTokens.Secret), ("FOREST_EXECUTOR_ENCRYPTION_KEY", Hex));
        var both = Read([], ("FOREST_AUTH_SECRET", TestTokens.Secret));

        Assert.True(alone.Keyring.HasKey);
        Assert.NotNull(both.Authentication);
    }

    [Fact]
    public void Auth_secret_is_not_the_encryption_key_in_any_spelling()
    {
        var bytes = Convert.FromHexString(Hex);
        var text = "exactly-thirty-two-bytes-of-text";
        foreach (var (secret, key) in new[]
        {
            (Hex, Hex), (Hex, Hex.ToUpperInvariant()), (Hex, Convert.ToBase64String(bytes)), (Convert.ToBase64String(bytes), Hex),
            (text, Convert.ToHexString(Encoding.ASCII.GetBytes(text))), (text, Convert.ToBase64String(Encoding.ASCII.GetBytes(text))),
        })
        {
            var current = Assert.Throws<ConfigurationException>(() => Read([], ("EXECUTOR_AUTH_SECRET", secret), ("EXECUTOR_ENCRYPTION_KEY", key)));
            var retired = Assert.Throws<ConfigurationException>(() => Read([], ("EXECUTOR_AUTH_SECRET", secret), ("EXECUTOR_ENCRYPTION_KEYS_RETIRED", key)));
            Assert.Contains("must differ from EXECUTOR_AUTH_SECRET", current.Message, StringComparison.Ordinal);
            Assert.Contains("must differ from EXECUTOR_AUTH_SECRET", retired.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Command_line_wins_over_environment_and_environment_over_file()
    {
        var file = WriteFile("""{ "HTTP_PORT": 1, "STEP_TIMEOUT_S": "2", "STOP_TIMEOUT_S": 3, /* a comment */ }""");

        var settings = Read(["--http-port=8080", "--config", file], ("HTTP_PORT", "9090"), ("STEP_TIMEOUT_S", "20"));

        Assert.Equal((8080, 20, 3), (settings.HttpPort, settings.StepTimeout.TotalSeconds, settings.StopTimeout.TotalSeconds));
    }

    [Theory]
    [InlineData("{", "is not valid JSON")]
    [InlineData("[]", "must hold a JSON object")]
    [InlineData("{\n  \"HTTP_PORT\": 1\n  \"LOG_LEVEL\": 2}", "line 3, column 3")]
    [InlineData("""{"HTTP_PORTS":1}""", "there is no setting 'HTTP_PORTS'. Is HTTP_PORT meant?")]
    [InlineData("""{"HTTP_PORT":{}}""", "HTTP_PORT must be a string")]
    [InlineData("""{"HTTP_PORT":1,"HTTP_PORT":1}""", "names a member of an object twice")]
    public void Settings_file_is_read_strictly(string json, string message)
    {
        var refused = Assert.Throws<ConfigurationException>(() => Read(["--config", WriteFile(json)]));

        Assert.Contains(message, refused.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--http-port", "needs a value")]
    [InlineData("--http-port=", "needs a value")]
    [InlineData("--http-port=1|--http-port=2", "is given twice")]
    [InlineData("--auth-secret=x", "not taken from the command line")]
    [InlineData("--encryption-key=x", "not taken from the command line")]
    [InlineData("--database-url=x", "not taken from the command line")]
    [InlineData("--in-memory=true", "there is no such option")]
    [InlineData("-x", "Argument 1: is not an option")]
    [InlineData("--config=/nonexistent/file.json", "cannot be read")]
    public void Command_line_is_read_strictly(string args, string message)
    {
        var refused = Assert.Throws<ConfigurationException>(() => Read(args.Split('|')));

        Assert.Contains(message, refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Database_comes_from_its_parts_or_its_url()
    {
        var parts = Read([], ("DATABASE_HOST", "::1"), ("DATABASE_NAME", "a/b"), ("DATABASE_USER", "u@x"), ("DATABASE_PASSWORD", "p:w"), ("DATABASE_SSL", "Require"));
        var url = Read([], ("DATABASE_URL", "postgres://u:p@db/x"), ("DATABASE_HOST", "other"), ("DATABASE_NAME", "y"), ("DATABASE_USER", "z"), ("DATABASE_SCHEMA", "s"));
        var own = Read([], ("DATABASE_URL", "postgres://u:p@db/x?sslmode=disable"));

        Assert.Equal(new StorageProvider.Postgres("postgres://u%40x:p%3Aw@[::1]:5432/a%2Fb", "executor", PostgresSsl.Require), parts.Storage);
        Assert.Equal(new StorageProvider.Postgres("postgres://u:p@db/x", "s", PostgresSsl.VerifyFull), url.Storage);
        Assert.Null(Assert.IsType<StorageProvider.Postgres>(own.Storage).Ssl);
        Assert.IsType<StorageProvider.SqliteInMemory>(Read(["--in-memory"], ("DATABASE_URL", "postgres://u:p@db/x")).Storage);
        Assert.Throws<ConfigurationException>(() => Read([], ("DATABASE_URL", "postgres://u:p@db/x"), ("EXECUTOR_DATABASE_PATH", "x.db")));
    }

    [Fact]
    public void Files_may_begin_with_a_byte_order_mark_and_hold_comments_and_trailing_commas()
    {
        var servers = WriteFile("\uFEFF{\"mcpServers\": { // ours\n \"crm\": {\"url\": \"https://crm.example.com\",}, /* more */ },}");
        var file = WriteFile($"\uFEFF{{ // where\n \"EXECUTOR_MCP_SERVERS\": \"{servers}\", }}");

        Assert.NotNull(Read(["--config", file]).Servers.Find(McpServerId.From("crm")));
    }

    [Theory]
    [InlineData("localhost", true)]
    [InlineData("LocalHost", true)]
    [InlineData("127.0.0.1", false)]
    public void Localhost_is_both_loopback_addresses(string host, bool expected) =>
        Assert.Equal(expected, Read([], ("HTTP_HOST", host)).IsHttpLocal);

    [Theory]
    [InlineData("EXECUTOR_ENCRYPTION_KEI", "EXECUTOR_ENCRYPTION_KEY")]
    [InlineData("EXECUTOR_MCP_SERVER", "EXECUTOR_MCP_SERVERS")]
    [InlineData("EXECUTOR_HTTP_PORT", "HTTP_PORT")]
    [InlineData("EXECUTOR_DATABASE_URL", "DATABASE_URL")]
    [InlineData("executor_node_name", "EXECUTOR_NODE_NAME")]
    [InlineData("SILO_ADRESS", "SILO_ADDRESS")]
    [InlineData("DATABASE_ULR", "DATABASE_URL")]
    [InlineData("DATABASE_PASS", "DATABASE_PASSWORD")]
    [InlineData("HTTP_PORTS", "HTTP_PORT")]
    [InlineData("LOG_LEVLE", "LOG_LEVEL")]
    [InlineData("EXECUTOR_SOMETHING_ELSE_ENTIRELY", "")]
    public void Mistyped_variable_is_named_with_the_nearest_setting_and_without_its_value(string name, string nearest)
    {
        var warning = Assert.Single(ReadWarnings((name, "VALUE")));

        Assert.Contains($"'{name}'", warning, StringComparison.Ordinal);
        Assert.Contains(nearest.Length > 0 ? $"Is {nearest} meant?" : "no such setting.", warning, StringComparison.Ordinal);
        Assert.DoesNotContain("VALUE", warning, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("FOREST_SERVER_URL", "https://example.com")]
    [InlineData("HTTP_PROXY", "http://proxy:3128")]
    [InlineData("DATABASE_REPLICAS", "3")]
    [InlineData("LOG_DIRECTORY", "/var/log")]
    [InlineData("EXECUTOR_SERVICE_HOST", "10.0.0.1")] // what Kubernetes sets for a service that is called «executor»
    [InlineData("EXECUTOR_SERVICE_PORT_HTTP", "3400")]
    [InlineData("EXECUTOR_PORT", "tcp://10.0.0.1:3400")]
    [InlineData("EXECUTOR_PORT_3400_TCP_ADDR", "10.0.0.1")]
    public void Variable_that_is_a_setting_or_somebody_elses_is_not_warned_of(string name, string value) =>
        Assert.Empty(ReadWarnings((name, value)));

    [Theory]
    [InlineData("SILO_PORT", "11111")]
    [InlineData("SILO_TLS_KEY", "/nowhere.pem")]
    public void Setting_of_clusters_is_told_to_mean_nothing_to_a_silo_that_is_alone(string name, string value) =>
        Assert.StartsWith($"{name}: means nothing here", Assert.Single(ReadWarnings((name, value))), StringComparison.Ordinal);

    [Fact]
    public void Variable_that_the_servers_file_asks_for_is_not_warned_of()
    {
        var servers = WriteFile("""{"mcpServers":{"crm":{"url":"https://crm.example.com","headers":{"X-Key":"${EXECUTOR_CRM_KEY}"}}}}""");

        Assert.Empty(ReadWarnings(("EXECUTOR_MCP_SERVERS", servers), ("EXECUTOR_CRM_KEY", "k")));
    }

    [Theory]
    [InlineData("postgres://u:p@db/x?sslmode=verify-full", "false")]
    [InlineData("postgres://u:p@db/x?sslmode=require", "true")]
    [InlineData("postgres://u:p@db/x?sslmode=verify-ca", "require")]
    public void Tls_of_the_url_and_of_the_setting_must_not_contradict_each_other(string url, string ssl)
    {
        var refused = Assert.Throws<ConfigurationException>(() => Read([], ("DATABASE_URL", url), ("DATABASE_SSL", ssl)));

        Assert.Contains("DATABASE_SSL: contradicts the sslmode", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Password_that_looks_like_a_parameter_does_not_switch_tls_off()
    {
        var storage = Read([], ("DATABASE_URL", "postgres://u:sslmode=disable@db/x")).Storage;

        Assert.Equal(PostgresSsl.VerifyFull, Assert.IsType<StorageProvider.Postgres>(storage).Ssl);
    }

    [Theory]
    [InlineData("Development", true)]
    [InlineData("Production", false)]
    [InlineData("development-like", false)]
    [InlineData("test", false)]
    public void Only_the_development_environment_is_relaxed(string environment, bool expected) =>
        Assert.Equal(expected, Read([], ("ASPNETCORE_ENVIRONMENT", environment)).IsDevelopment);

    [Fact]
    public void Mistakes_in_the_servers_file_are_told_with_the_others()
    {
        var refused = Assert.Throws<ConfigurationException>(() => Read(
            [], ("EXECUTOR_MCP_SERVERS", WriteFile("""{"mcpServers":{"crm":{"url":"not a url","auth":{"type":"magic"}}}}""")), ("HTTP_PORT", "x")));

        Assert.Contains("EXECUTOR_MCP_SERVERS: crm", refused.Message, StringComparison.Ordinal);
        Assert.Contains("HTTP_PORT:", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Example_of_the_environment_names_every_setting()
    {
        var example = File.ReadAllText(Path.Combine(Repository.Root, ".env.example"));

        foreach (var setting in Settings.All)
            Assert.Matches($"(?m)^#? ?{setting.Name}=", example);
    }

    private static ServerSettings Read(string[]? args = null, params (string Name, string Value)[] environment)
    {
        var values = new Dictionary<string, string>(StringComparer.Ordinal) { ["EXECUTOR_AUTH_SECRET"] = TestTokens.Secret };
        foreach (var (name, value) in environment)
            values[name] = value;
        return SettingsReader.Read(args ?? [], name => values.GetValueOrDefault(name));
    }

    private static IReadOnlyList<string> ReadWarnings(params (string Name, string Value)[] environment)
    {
        var values = environment.Append(("EXECUTOR_AUTH_SECRET", TestTokens.Secret)).ToDictionary(pair => pair.Item1, pair => pair.Item2, StringComparer.Ordinal);
        return SettingsReader.Read([], values.GetValueOrDefault, values.Keys).Warnings;
    }

    private string WriteFile(string json)
    {
        var path = Path.Combine(_directory.FullName, $"{Guid.NewGuid():N}.json");
        File.WriteAllText(path, json);
        return path;
    }
}
