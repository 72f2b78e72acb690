using System.Net;
using Executor.Sandbox.OAuth;

namespace Executor.Nodes;

/// <summary>Users at work, nothing going wrong, tokens that live for seconds: each refresh is one that was due.</summary>
public sealed class PlainTrafficTests
{
    private const int Users = 50;
    private const int ClientsPerUser = 2;
    private const double TokenSeconds = 5;

    /// <summary>A short-lived token is refreshed a quarter of its lifetime before its end, or up to a fifth of its lifetime earlier.</summary>
    private static readonly TimeSpan _notBefore = TimeSpan.FromSeconds(TokenSeconds * (1 - 0.25 - 0.2));
    private static readonly TimeSpan _traffic = TimeSpan.FromSeconds(20);

    [PostgresFact]
    public async Task Plain_traffic_over_short_lived_tokens_loses_no_user_and_wastes_no_grant()
    {
        await using var cluster = await Cluster.StartAsync(3);
        var oauth = cluster.Sandbox.OAuth;
        for (var user = 1; user <= Users; user++)
        {
            var grant = oauth.Mint(ProviderBehaviour.Strict with { AccessTokenSeconds = TokenSeconds }, $"{user}");
            var deposit = await cluster.Nodes[user % 3].As(user).DepositAsync("strict", grant, cluster.Sandbox);
            Assert.Equal(HttpStatusCode.OK, deposit.Status);
        }

        using var over = new CancellationTokenSource(_traffic);
        var clients = Enumerable.Range(0, Users * ClientsPerUser).Select(client => CallAsync(cluster, client, over.Token));
        var answers = (await Task.WhenAll(clients)).SelectMany(status => status).ToList();

        // Busy is an answer that a loaded machine may give; one user sent to reconnect is one too many.
        Assert.All(answers, status => Assert.Contains(status, new[] { HttpStatusCode.OK, HttpStatusCode.ServiceUnavailable }));
        for (var user = 1; user <= Users; user++)
            await AssertServedAsync(cluster.Nodes[0].As(user));

        var grants = oauth.Journal.Read().Where(request => request.Outcome == GrantOutcome.Issued).ToList();
        var wasted = grants.GroupBy(request => request.GrantId).Sum(Superfluous);
        Assert.True(wasted <= 0.05 * grants.Count, $"{wasted} of {grants.Count} grants were superfluous.");
        Assert.True(grants.Count >= 2 * Users, $"{grants.Count} grants for {Users} users: the tokens did not expire.");
        Assert.Equal(0, oauth.Counters.ReplaysOfSpentTokens);
        Assert.Equal(0, oauth.Counters.RevokedFamilies);
    }

    /// <summary>Grants that were issued while the access token before them was not due for its refresh yet.</summary>
    private static int Superfluous(IEnumerable<GrantRequest> ofOneGrant)
    {
        var issued = ofOneGrant.Select(request => request.DecidedAt!.Value).Order().ToList();
        return issued.Zip(issued.Skip(1)).Count(pair => pair.Second - pair.First < _notBefore);
    }

    private static async Task<List<HttpStatusCode>> CallAsync(Cluster cluster, int client, CancellationToken over)
    {
        var pauses = new Random(client);
        var user = 1 + (client % Users);
        var answers = new List<HttpStatusCode>();
        for (var call = client; !over.IsCancellationRequested; call++)
        {
            var answer = await cluster.Nodes[call % cluster.Nodes.Count].As(user).ListToolsAsync("strict");
            answers.Add(answer.Status);
            await Task.Delay(pauses.Next(200, 800), CancellationToken.None);
        }

        return answers;
    }

    private static Task AssertServedAsync(NodeClient user) => Eventually.TrueAsync(
        async () => (await user.ListToolsAsync("strict")).Status == HttpStatusCode.OK, TimeSpan.FromSeconds(60));
}
