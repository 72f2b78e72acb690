using System.Net;
using Executor.Sandbox.OAuth;

namespace Executor.Nodes;

/// <summary>Every access token expires at the same moment, and everybody asks at once.</summary>
public sealed class ExpiryStormTests
{
    private const int Nodes = 2;
    private const int Users = 10_000;
    private const int Callers = 300;
    private const int LimitPerNode = 32;

    [PostgresFact]
    public async Task Every_credential_is_refreshed_once_within_the_limits()
    {
        await using var cluster = await Cluster.StartAsync(Nodes);
        var oauth = cluster.Sandbox.OAuth;
        var grants = Enumerable.Range(0, Users).Select(_ => oauth.Mint(ProviderBehaviour.Strict)).ToArray();
        await ForEachUserAsync(async user =>
        {
            var answer = await Node(cluster, user).As(user + 1).DepositAsync("strict", grants[user], cluster.Sandbox);
            Assert.Equal(HttpStatusCode.OK, answer.Status);
        });

        // Slow enough that callers without a limit would be at the server all at once.
        oauth.SetFault(OAuthFault.HangAfterSpending(milliseconds: 100) with { Times = null });
        await ForEachUserAsync(user => ListAsync(Node(cluster, user), user));
        Assert.Equal(Users, oauth.Counters.Issued);

        // The nodes go on to serve what they hold in memory for some seconds: asked again until it is refreshed.
        await cluster.ScalarAsync<object>("UPDATE credentials SET access_token_expires_at = 1, refresh_at = 1");
        await ForEachUserAsync(user => Eventually.TrueAsync(
            async () =>
            {
                await ListAsync(Node(cluster, user), user);
                return oauth.Status(grants[user].GrantId)!.Issued > 1;
            },
            TimeSpan.FromMinutes(2)));

        Assert.Equal(2 * Users, oauth.Counters.Issued);
        Assert.InRange(oauth.Counters.GrantRequests, 2 * Users, 2 * Users * 1.05);
        Assert.InRange(oauth.Counters.MaxConcurrency, 2, Nodes * LimitPerNode);
        Assert.Equal((0, 0), (oauth.Counters.ReplaysOfSpentTokens, oauth.Counters.RevokedFamilies));
    }

    private static ClusterNode Node(Cluster cluster, int user) => cluster.Nodes[user % Nodes];

    private static Task ForEachUserAsync(Func<int, Task> act) => Parallel.ForEachAsync(
        Enumerable.Range(0, Users),
        new ParallelOptions { MaxDegreeOfParallelism = Callers },
        async (user, _) => await act(user));

    /// <summary>As a client does: 503 is to come back.</summary>
    private static async Task ListAsync(ClusterNode node, int user)
    {
        while (true)
        {
            var answer = await node.As(user + 1).ListToolsAsync("strict");
            if (answer.Status == HttpStatusCode.OK)
                return;
            Assert.Equal(HttpStatusCode.ServiceUnavailable, answer.Status);
        }
    }
}
