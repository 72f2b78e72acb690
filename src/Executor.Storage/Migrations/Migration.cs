using System.Globalization;

namespace Executor.Storage.Migrations;

/// <summary>A numbered script. Scripts only ever add, so that an older version goes on working beside a newer one.</summary>
internal sealed record Migration(int Version, string Name, string Sql)
{
    public const string Table = "CREATE TABLE IF NOT EXISTS schema_migrations "
        + "(version INTEGER NOT NULL PRIMARY KEY, name TEXT NOT NULL, applied_at BIGINT NOT NULL);";

    public const string Applied = "SELECT version FROM schema_migrations;";

    public const string Record = "INSERT INTO schema_migrations (version, name, applied_at) VALUES (@Version, @Name, @At);";

    public static readonly IReadOnlyList<Migration> Sqlite = Load("sqlite");

    public static readonly IReadOnlyList<Migration> Postgres = Load("postgres");

    private static List<Migration> Load(string dialect)
    {
        var assembly = typeof(Migration).Assembly;
        var prefix = $"sql/{dialect}/";
        return assembly.GetManifestResourceNames()
            .Where(name => name.StartsWith(prefix, StringComparison.Ordinal))
            .Order(StringComparer.Ordinal)
            .Select(name =>
            {
                using var reader = new StreamReader(assembly.GetManifestResourceStream(name)!);
                var file = Path.GetFileNameWithoutExtension(name[prefix.Length..]);
                return new Migration(int.Parse(file.AsSpan(0, 3), CultureInfo.InvariantCulture), file, reader.ReadToEnd());
            })
            .ToList();
    }
}
