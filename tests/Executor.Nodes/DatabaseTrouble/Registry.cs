using Npgsql;

namespace Executor.Nodes.DatabaseTrouble;

/// <summary>What the nodes have written down about each other.</summary>
internal static class Registry
{
    /// <summary>Every incarnation ever entered that is still remembered, in order.</summary>
    public static async Task<IReadOnlyList<(string Name, long Incarnation, bool IsGone)>> IncarnationsAsync(this Cluster cluster)
    {
        await using var connection = await cluster.ConnectAsync();
        await using var command = new NpgsqlCommand("SELECT name, incarnation, gone FROM node_incarnations ORDER BY name, entered_at", connection);
        await using var reader = await command.ExecuteReaderAsync();
        var found = new List<(string, long, bool)>();
        while (await reader.ReadAsync())
            found.Add((reader.GetString(0), reader.GetInt64(1), reader.GetInt16(2) != 0));
        return found;
    }

    /// <summary>Nobody has begun anew, and nobody was judged by anybody.</summary>
    public static async Task NobodyIsGoneAsync(this Cluster cluster, IReadOnlyList<(string Name, long Incarnation, bool IsGone)> before)
    {
        Assert.Equal(before, await cluster.IncarnationsAsync());
        Assert.DoesNotContain("is gone", cluster.Said, StringComparison.Ordinal);
    }
}
