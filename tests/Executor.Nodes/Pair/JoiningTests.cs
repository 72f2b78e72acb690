using Executor.Credentials;
using Executor.Grains.Credentials;
using Orleans.TestingHost;

namespace Executor.Nodes.Pair;

public sealed class JoiningTests
{
    private const int Users = 200;

    [PostgresFact]
    public async Task Credentials_in_use_move_to_a_silo_that_joins_and_nobody_notices()
    {
        await using var pair = await SiloPair.StartAsync();
        for (var user = 1; user <= Users; user++)
        {
            await pair.DepositAsync(user % 2 == 0 ? pair.First : pair.Second, user);
            await AskAsync(pair.First, user);
        }

        var third = (InProcessSiloHandle)await pair.Cluster.StartAdditionalSiloAsync();
        await Eventually.TrueAsync(
            async () =>
            {
                // Nobody asks at the third one: what is there has moved.
                await Task.WhenAll(Enumerable.Range(1, Users).Select(user => AskAsync(user % 2 == 0 ? pair.First : pair.Second, user)));
                return (await pair.ActivationsAsync<CredentialGrain>()).GetValueOrDefault(third.SiloAddress) >= Users / 10;
            },
            TimeSpan.FromMinutes(3));

        Assert.Equal(Users, pair.Sandbox.OAuth.Counters.Issued);
        await Eventually.TrueAsync(async () => await pair.CountActivationsAsync<CredentialGrain>() == Users); // none is on its way
    }

    private static async Task AskAsync(InProcessSiloHandle silo, long user) =>
        Assert.IsType<TokenOutcome.Issued>(await SiloPair.OwnerAt(silo, user).GetTokenAsync(default));
}
