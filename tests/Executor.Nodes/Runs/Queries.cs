namespace Executor.Nodes.Runs;

/// <summary>What the database says about the runs.</summary>
internal static class Queries
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(120);

    public static Task<long> CountRunsAsync(this Cluster cluster, string where = "true") =>
        cluster.ScalarAsync<long>($"SELECT count(*) FROM runs WHERE {where}");

    public static Task UntilRunsAsync(this Cluster cluster, string where, long count) =>
        Eventually.TrueAsync(async () => await cluster.CountRunsAsync(where) == count, Patience);

    /// <summary>Lets every held call go on, those that arrive meanwhile too, until there are as many runs that fit.</summary>
    public static Task ReleaseUntilRunsAsync(this Cluster cluster, string where, long count)
    {
        cluster.Sandbox.Mcp.ClearFaults();
        return Eventually.TrueAsync(
            async () =>
            {
                cluster.Sandbox.Mcp.Release();
                return await cluster.CountRunsAsync(where) == count;
            },
            Patience);
    }
}
