using System.Text;
using Executor.Storage.Databases;

namespace Executor.Tests.Infrastructure;

internal static class DatabaseDump
{
    // Nodes come and go, and generations that were drawn for nothing are lost: neither is anybody's data.
    private static readonly string[] Tables = ["credentials", "refresh_intents", "runs", "run_steps"];

    /// <summary>All that is kept for users, row by row; bytes as hex.</summary>
    public static async Task<string> DumpAsync(this Database database)
    {
        var text = new StringBuilder();
        foreach (var table in Tables)
        {
            var rows = await database.ReadListAsync<dynamic>($"SELECT * FROM {table} ORDER BY 1, 2;", new SqlArguments(), default);
            foreach (var row in rows.Cast<IDictionary<string, object?>>())
                text.Append(table).Append(' ').AppendJoin(' ', row.Select(column => $"{column.Key}={Show(column.Value)}")).Append('\n');
        }

        return text.ToString();
    }

    private static string Show(object? value) => value is byte[] bytes ? Convert.ToHexStringLower(bytes) : $"{value}";
}
