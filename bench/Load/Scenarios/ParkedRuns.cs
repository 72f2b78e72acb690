using System.Globalization;
using System.Net;

namespace Executor.Load.Scenarios;

/// <summary>
/// A great number of parked runs, as copies of one that the product has parked: the table's own columns, so that what is copied is
/// whatever a row consists of.
/// </summary>
internal sealed class ParkedRuns(World world)
{
    /// <summary>The user whose run, steps and credential row are copied, and one whose own are what a copy is compared with.</summary>
    private const long Model = 1;
    private const long Other = 2;
    private const long FirstCopied = 100;
    private const int RunsPerUser = 10;

    /// <summary>These may differ between two runs that were parked in the same way, and nothing else may.</summary>
    private static readonly HashSet<string> OfEachRun = new(StringComparer.Ordinal)
    {
        "id", "run_id", "user_id", "created_at", "updated_at", "due_at",
    };

    /// <summary>Of one user, who has so many runs at the same server.</summary>
    public static long Crowd => FirstCopied - 1;

    /// <param name="count">All parked runs.</param>
    /// <param name="ofCrowd">Of these, one user's.</param>
    public async Task FillAsync(int count, int ofCrowd)
    {
        await ParkAsync(Model);
        await ParkAsync(Other);
        await world.StopNodesAsync();

        var user = $"CASE WHEN n <= {ofCrowd} THEN {Crowd} ELSE {FirstCopied} + (n - {ofCrowd} - 1) / {RunsPerUser} END";
        var first = DateTimeOffset.UtcNow.AddDays(-1).ToUnixTimeMilliseconds().ToString(CultureInfo.InvariantCulture);
        var id = world.Database.RunIdOf($"{first} + n");
        await CopyAsync("credentials", $"user_id = {Model}", ((count - ofCrowd) / RunsPerUser) + 1, ("user_id", $"{FirstCopied} + n - 2"));
        await CopyAsync("runs", $"user_id = {Model}", count, ("id", id), ("user_id", user));

        // A step's run is found by what the two share: both are copies of one, and the runs' ids are there by now.
        var columns = await world.Database.ColumnsAsync("run_steps");
        var values = columns.Select(column => column == "run_id" ? "r.id" : $"t.{column}");
        await world.Database.ExecuteAsync(
            $"INSERT INTO run_steps ({string.Join(", ", columns)}) SELECT {string.Join(", ", values)} "
            + $"FROM run_steps t JOIN runs m ON m.id = t.run_id AND m.user_id = {Model} CROSS JOIN runs r WHERE r.user_id >= {Crowd}");
        await CompareAsync("runs", $"user_id = {Other}", $"user_id = {Crowd}");
        await CompareAsync("run_steps", $"run_id IN (SELECT id FROM runs WHERE user_id = {Other})", $"run_id IN (SELECT id FROM runs WHERE user_id = {Crowd})");
        await CompareAsync("credentials", $"user_id = {Other}", $"user_id = {Crowd}");
        await world.Database.AnalyzeAsync();
    }

    private async Task ParkAsync(long user)
    {
        var client = world.Node.As(user);
        var answer = await client.StartRunAsync(RunBodies.Echo(1, "s0"));
        await World.ExpectAsync(Task.FromResult(answer), HttpStatusCode.Created);
        await client.RunReachesAsync(answer.Json.GetProperty("id").GetString()!, "awaiting-input");
    }

    private async Task CopyAsync(string table, string model, int count, params (string Column, string Value)[] changed)
    {
        var columns = await world.Database.ColumnsAsync(table);
        var changes = changed.ToDictionary(each => each.Column, each => each.Value, StringComparer.Ordinal);
        var values = columns.Select(column => changes.GetValueOrDefault(column, $"m.{column}"));
        await world.Database.ExecuteAsync(
            $"INSERT INTO {table} ({string.Join(", ", columns)}) SELECT {string.Join(", ", values)} "
            + $"FROM (SELECT * FROM {table} WHERE {model}) AS m CROSS JOIN {world.Database.Series(count)}");
    }

    /// <exception cref="InvalidOperationException">A copy is not what the product writes.</exception>
    private async Task CompareAsync(string table, string own, string copied)
    {
        foreach (var column in (await world.Database.ColumnsAsync(table)).Where(column => !OfEachRun.Contains(column)))
        {
            var text = $"coalesce(CAST({column} AS text), 'null')";
            var written = await world.Database.ScalarAsync<string>($"SELECT {text} FROM {table} WHERE {own} LIMIT 1");
            var copy = await world.Database.ScalarAsync<string>($"SELECT {text} FROM {table} WHERE {copied} LIMIT 1");
            if (!string.Equals(written, copy, StringComparison.Ordinal))
                throw new InvalidOperationException($"{table}.{column} of a copied run is {copy}; the node wrote {written}.");
        }
    }
}
