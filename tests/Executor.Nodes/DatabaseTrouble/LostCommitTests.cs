using System.Net;
using Executor.Sandbox.OAuth;

namespace Executor.Nodes.DatabaseTrouble;

/// <summary>The database commits, and the connection ends in place of its answer.</summary>
public sealed class LostCommitTests
{
    // A parameter of whatever writes the credential.
    private const string Credential = "/oauth/token";

    [PostgresFact]
    public async Task Deposit_is_there_and_its_repetition_changes_nothing()
    {
        await using var cluster = await Cluster.StartApartAsync(1);
        var (node, grant) = (cluster.Nodes[0], cluster.Sandbox.OAuth.Mint(ProviderBehaviour.Strict));

        var lost = node.Link.LoseCommitAnswerAsync(Credential);
        Assert.Equal(HttpStatusCode.ServiceUnavailable, (await node.As(1).DepositAsync("strict", grant, cluster.Sandbox)).Status);
        await lost;
        await ListAsync(node);
        Assert.Equal(HttpStatusCode.OK, (await node.As(1).DepositAsync("strict", grant, cluster.Sandbox)).Status);
        await ListAsync(node);

        AssertRedeemed(cluster, 1);
    }

    [PostgresFact]
    public async Task Intent_is_found_again_and_sent_under_once()
    {
        await using var cluster = await Cluster.StartApartAsync(1);
        var node = cluster.Nodes[0];
        await DepositAsync(cluster);

        var lost = node.Link.LoseCommitAnswerAsync(Credential);
        await ListAsync(node);
        await lost;

        AssertRedeemed(cluster, 1);
        Assert.Equal(1L, await cluster.ScalarAsync<long>("SELECT count(*) FROM credentials WHERE state = 'ready' AND intent_id IS NULL"));
    }

    [PostgresFact]
    public async Task Result_is_found_again_and_the_grant_lives_on()
    {
        await using var cluster = await Cluster.StartApartAsync(1);
        var node = cluster.Nodes[0];
        var grant = await DepositAsync(cluster);
        cluster.Sandbox.OAuth.SetFault(OAuthFault.HangAfterSpending());
        var list = ListAsync(node);
        await cluster.Sandbox.OAuth.WaitForHeldAsync(timeout: TimeSpan.FromSeconds(60));

        var lost = node.Link.LoseCommitAnswerAsync(Credential);
        cluster.Sandbox.OAuth.Release();
        await lost;
        await list;
        AssertRedeemed(cluster, 1);

        cluster.Sandbox.OAuth.RevokeAccessTokens(grant.GrantId);
        await ListAsync(node);
        AssertRedeemed(cluster, 2);
    }

    private static async Task<MintedGrant> DepositAsync(Cluster cluster)
    {
        var grant = cluster.Sandbox.OAuth.Mint(ProviderBehaviour.Strict);
        Assert.Equal(HttpStatusCode.OK, (await cluster.Nodes[0].As(1).DepositAsync("strict", grant, cluster.Sandbox)).Status);
        return grant;
    }

    private static async Task ListAsync(ClusterNode node) =>
        Assert.Equal(HttpStatusCode.OK, (await node.As(1).ListToolsAsync("strict")).Status);

    private static void AssertRedeemed(Cluster cluster, int times)
    {
        var counters = cluster.Sandbox.OAuth.Counters;
        Assert.Equal((times, times, 0), (counters.GrantRequests, counters.Issued, counters.ReplaysOfSpentTokens));
    }
}
