using Npgsql;

namespace Executor.Load;

/// <summary>Where the time of PostgreSQL's sessions goes, as <c>pg_stat_statements</c> counts it.</summary>
internal static class StatementTable
{
    private const int Shown = 12;
    private const int Width = 100;

    public static Task BeginAsync(BenchDatabase database) =>
        database.ExecuteAsync("CREATE EXTENSION IF NOT EXISTS pg_stat_statements SCHEMA public; SELECT pg_stat_statements_reset()");

    public static async Task PrintAsync(BenchDatabase database, Report report)
    {
        await using var connection = await database.ConnectAsync();
        await using var command = new NpgsqlCommand(
            "SELECT query, calls, total_exec_time, mean_exec_time FROM pg_stat_statements ORDER BY total_exec_time DESC LIMIT " + Shown,
            (NpgsqlConnection)connection);
        await using var reader = await command.ExecuteReaderAsync();
        var rows = new List<string[]>();
        while (await reader.ReadAsync())
        {
            var text = string.Join(' ', reader.GetString(0).Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));
            rows.Add(
            [
                $"`{text[..Math.Min(Width, text.Length)]}`",
                Figure.Of(reader.GetInt64(1)),
                Figure.Of(reader.GetDouble(2)),
                Figure.Of(reader.GetDouble(3)),
            ]);
        }

        report.Table(["statement", "calls", "ms in all", "ms each"], rows);
    }
}
