using System.Net;
using Executor.Credentials;
using Executor.Security.Endpoints;
using Executor.Tests.Credentials;

namespace Executor.Tests.Hostile.Servers;

/// <summary>A token endpoint may answer what it likes: it costs little memory and time, nothing of it is told, and no user their grant.</summary>
public sealed class HostileTokenEndpointTests
{
    private const long FewBytes = 16 * 1024 * 1024; // what the sockets between may hold

    public static TheoryData<string> Answers => new(HostileAnswers.All.Keys);

    [Theory]
    [MemberData(nameof(Answers))]
    public async Task Hostile_answer_is_a_fault_that_may_pass(string answer)
    {
        using var server = new SocketServer { Answer = HostileAnswers.All[answer] };
        await using var world = await CredentialWorld.StartAsync();
        var node = world.Node();
        await DepositAsync(world, node, $"http://127.0.0.1:{server.Port}/token");

        var asked = node.Owner().GetTokenAsync(default).AsTask();
        await world.AdvanceUntilAsync(() => asked.IsCompleted && !node.IsBusy());

        var outcome = Assert.IsType<TokenOutcome.Unavailable>(await asked);
        Assert.InRange(outcome.RetryAfter, TimeSpan.Zero, TimeSpan.FromHours(1));
        Assert.Contains((await world.RowAsync()).State, new[] { CredentialState.Ready, CredentialState.Unresolved });
        Assert.InRange(server.Written, 0, FewBytes);
        Assert.DoesNotContain(world.Logs.Lines, line => line.Text.Contains("SENTINEL", StringComparison.Ordinal) || line.Text.Contains("another_user", StringComparison.Ordinal));

        server.Answer = (write, _) => write(HostileAnswers.Json(200, """{"access_token":"sandbox_at_at_last","expires_in":3600}"""));
        await world.AdvanceUntilAsync(async () => await node.Owner().GetTokenAsync(default) is TokenOutcome.Issued, TimeSpan.FromMinutes(1));
        Assert.Equal(CredentialState.Ready, (await world.RowAsync()).State);
    }

    [Theory]
    [InlineData("169.254.169.254")]
    [InlineData("fd00:ec2::254")]
    [InlineData("::ffff:169.254.169.254")]
    [InlineData("64:ff9b::a9fe:a9fe")]
    [InlineData("0.0.0.0")]
    [InlineData("100.100.100.200")]
    public async Task Name_that_resolves_inwards_when_connecting_gets_no_token_and_costs_none(string address)
    {
        using var server = new SocketServer
        {
            Answer = (write, _) => write(HostileAnswers.Json(200, """{"access_token":"sandbox_at_at_last","expires_in":3600}""")),
        };
        var resolved = IPAddress.Parse(address);
        var looked = 0;
        await using var world = await CredentialWorld.StartAsync();
        var node = world.Node(http: new GuardedHttpOptions
        {
            Resolve = (_, _) =>
            {
                looked++;
                return Task.FromResult<IPAddress[]>([resolved]);
            },
        });
        await DepositAsync(world, node, $"http://localhost:{server.Port}/token");

        Assert.IsType<TokenOutcome.Unavailable>(await node.Owner().GetTokenAsync(default));
        Assert.Equal((CredentialState.Ready, 0), ((await world.RowAsync()).State, server.Requests));
        Assert.Equal(1, looked);

        resolved = IPAddress.Loopback;
        await world.AdvanceUntilAsync(async () => await node.Owner().GetTokenAsync(default) is TokenOutcome.Issued, TimeSpan.FromSeconds(10));
    }

    private static async Task DepositAsync(CredentialWorld world, TestNode node, string endpoint)
    {
        var deposit = world.DepositOf(world.Sandbox.OAuth.Mint().RefreshToken) with { TokenEndpoint = endpoint };
        Assert.IsType<DepositOutcome.Stored>(await node.Owner().DepositAsync(deposit, default));
    }
}
