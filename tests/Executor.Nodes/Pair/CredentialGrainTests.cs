using Executor.Credentials;
using Executor.Grains.Credentials;
using Executor.Sandbox.OAuth;
using Microsoft.Extensions.DependencyInjection;
using Orleans.Runtime;
using Orleans.TestingHost;

namespace Executor.Nodes.Pair;

public sealed class CredentialGrainTests
{
    [PostgresFact]
    public async Task Callers_at_both_silos_share_one_activation_and_one_grant()
    {
        await using var pair = await SiloPair.StartAsync();
        await pair.DepositAsync(pair.First, user: 1);

        var callers = Enumerable.Range(0, 200).SelectMany(_ => new[] { pair.First, pair.Second }, (_, silo) => TokenAtAsync(silo, user: 1));
        var tokens = await Task.WhenAll(callers);

        Assert.Single(tokens.Distinct());
        Assert.Equal(1, pair.Sandbox.OAuth.Counters.Issued);
        Assert.Equal(1, await pair.CountActivationsAsync<CredentialGrain>());
    }

    [PostgresFact]
    public async Task Parallel_rejections_at_both_silos_make_one_grant()
    {
        await using var pair = await SiloPair.StartAsync();
        await pair.DepositAsync(pair.First, user: 1);
        var rejected = Assert.IsType<TokenOutcome.Issued>(await SiloPair.OwnerAt(pair.Second, 1).GetTokenAsync(default));

        var outcomes = await Task.WhenAll(Enumerable.Range(0, 500).SelectMany(
            _ => new[] { pair.First, pair.Second },
            (_, silo) => SiloPair.OwnerAt(silo, 1).TokenRejectedAsync(new Rejection(rejected.Generation), default).AsTask()));

        Assert.All(outcomes, outcome => Assert.NotEqual(rejected.Token, Assert.IsType<TokenOutcome.Issued>(outcome).Token));
        Assert.Equal(2, pair.Sandbox.OAuth.Counters.Issued);
    }

    [PostgresFact]
    public async Task Two_activations_redeem_a_token_once()
    {
        await using var pair = await SiloPair.StartAsync();
        await pair.DepositAsync(pair.First, user: 1);
        var rejected = Assert.IsType<TokenOutcome.Issued>(await SiloPair.OwnerAt(pair.First, 1).GetTokenAsync(default));
        await pair.ForgetAsync(pair.First.ServiceProvider.GetRequiredService<IGrainFactory>().GetGrain<ICredentialGrain>(1, "crm", null).GetGrainId());
        Assert.Equal(rejected, await SiloPair.OwnerAt(pair.Second, 1).GetTokenAsync(default));
        Assert.Equal(2, await pair.CountActivationsAsync<CredentialGrain>());

        var outcomes = await Task.WhenAll(Enumerable.Range(0, 50).SelectMany(
            _ => new[] { pair.First, pair.Second },
            (_, silo) => SiloPair.OwnerAt(silo, 1).TokenRejectedAsync(new Rejection(rejected.Generation), default).AsTask()));

        Assert.Single(outcomes.Select(outcome => Assert.IsType<TokenOutcome.Issued>(outcome).Token).Distinct());
        Assert.Equal(2, pair.Sandbox.OAuth.Counters.Issued);
        Assert.Equal(0, pair.Sandbox.OAuth.Counters.ReplaysOfSpentTokens);
    }

    [PostgresFact]
    public async Task Deposit_is_answered_while_a_refresh_hangs()
    {
        await using var pair = await SiloPair.StartAsync();
        await pair.DepositAsync(pair.First, user: 1);
        pair.Sandbox.OAuth.SetFault(OAuthFault.HangBeforeSpending());
        var waiting = SiloPair.OwnerAt(pair.First, 1).GetTokenAsync(default).AsTask();
        await pair.Sandbox.OAuth.WaitForHeldAsync();

        await pair.DepositAsync(pair.Second, user: 1);

        Assert.IsType<TokenOutcome.Issued>(await waiting);
        Assert.Equal(1, pair.Sandbox.OAuth.Counters.Held);
    }

    [PostgresFact]
    public async Task Callers_see_no_error_when_the_silo_of_the_activation_is_killed()
    {
        await using var pair = await SiloPair.StartAsync();
        await pair.DepositAsync(pair.First, user: 1);
        await TokenAtAsync(pair.Second, user: 1);
        await TokenAtAsync(pair.First, user: 1);
        var grains = pair.First.ServiceProvider.GetRequiredService<IGrainFactory>();
        var host = await grains.GetGrain<IManagementGrain>(0).GetActivationAddress(grains.GetGrain<ICredentialGrain>(1, "crm", null));
        Assert.Equal(pair.Second.SiloAddress, host); // where it was asked for first

        var survivor = pair.First;
        var killing = pair.Cluster.KillSiloAsync(pair.Second);
        var tokens = new List<AccessToken>();
        while (!killing.IsCompleted || tokens.Count < 20)
            tokens.Add(await TokenAtAsync(survivor, user: 1));

        await killing;
        Assert.Single(tokens.Distinct());
        Assert.Equal(1, pair.Sandbox.OAuth.Counters.Issued);
    }

    [Fact]
    public void Messages_show_no_secret_when_they_are_printed()
    {
        var issued = new TokenOutcome.Issued(new AccessToken("SENTINEL"), new Generation(1));

        Assert.DoesNotContain("SENTINEL", $"{TokenReply.From(issued)}", StringComparison.Ordinal);
    }

    private static async Task<AccessToken> TokenAtAsync(InProcessSiloHandle silo, long user) =>
        Assert.IsType<TokenOutcome.Issued>(await SiloPair.OwnerAt(silo, user).GetTokenAsync(default)).Token;
}
