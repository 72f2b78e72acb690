using System.Globalization;

namespace Executor.Storage.Migrations;

/// <summary>
/// A numbered script. Scripts add, so that an older version goes on working beside a newer one: a nullable column, one with a
/// default, a table, an index. One that an older version cannot work with ends its name in <c>.breaking</c>, which is recorded
/// with it, so that older versions know.
/// </summary>
internal sealed record Migration(int Version, string Name, string Sql)
{
    public const string Breaking = ".breaking";

    public const string Table = "CREATE TABLE IF NOT EXISTS schema_migrations "
        + "(version INTEGER NOT NULL PRIMARY KEY, name TEXT NOT NULL, applied_at BIGINT NOT NULL);";

    public const string Applied = "SELECT version, name FROM schema_migrations;";

    public const string Record = "INSERT INTO schema_migrations (version, name, applied_at) VALUES (@Version, @Name, @At);";

    public static readonly IReadOnlyList<Migration> Sqlite = Load("sqlite");

    public static readonly IReadOnlyList<Migration> Postgres = Load("postgres");

    /// <summary>What is left to do where <paramref name="applied"/> has been done.</summary>
    /// <exception cref="StorageStartException">A newer version has done what these migrations' version cannot work with.</exception>
    public static IReadOnlyList<Migration> Missing(IReadOnlyList<Migration> known, IEnumerable<(int Version, string Name)> applied)
    {
        var done = applied.ToDictionary(migration => migration.Version, migration => migration.Name);
        var newest = known.Max(migration => migration.Version);
        var breaking = done.Where(entry => entry.Key > newest && entry.Value.EndsWith(Breaking, StringComparison.Ordinal)).ToList();
        return breaking.Count == 0
            ? known.Where(migration => !done.ContainsKey(migration.Version)).ToList()
            : throw new StorageStartException(
                $"The database's schema has version {breaking.Max(entry => entry.Key)}, which a program that knows it up to version {newest} "
                + "cannot work with. Start a newer one.");
    }

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
