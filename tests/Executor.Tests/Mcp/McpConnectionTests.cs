using Executor.Credentials;
using Executor.Mcp;
using Executor.Nodes;
using Executor.Sandbox.Mcp;
using Executor.Sandbox.OAuth;
using Executor.Servers;
using AccessToken = Executor.Credentials.AccessToken;

namespace Executor.Tests.Mcp;

public sealed class McpConnectionTests
{
    [Fact]
    public async Task Concurrent_first_calls_of_a_user_open_one_session()
    {
        await using var sandbox = await McpHarness.SandboxAsync(McpProtocol.Sessions);
        await using var mcp = new McpHarness();
        var server = McpHarness.Server(sandbox.McpEndpoint);
        var token = new AccessToken(sandbox.OAuth.Mint().AccessToken);

        await Task.WhenAll(Enumerable.Range(0, 32).Select(_ => mcp.ListAsync(server, token)));

        Assert.Equal(1, sandbox.Mcp.Counters.SessionsOpened);
    }

    [Fact]
    public async Task Cancelled_first_caller_does_not_fail_the_others_that_wait_for_the_same_connection()
    {
        await using var sandbox = await McpHarness.SandboxAsync(McpProtocol.Sessions);
        await using var mcp = new McpHarness();
        var server = McpHarness.Server(sandbox.McpEndpoint);
        var token = new AccessToken(sandbox.OAuth.Mint().AccessToken);
        sandbox.Mcp.SetFault(new McpFault(McpFaultKind.Hang) { Method = "initialize" });
        using var cancel = new CancellationTokenSource();

        var first = mcp.Gateway.ListToolsAsync(McpHarness.User(1), server, token, cancel.Token);
        await sandbox.Mcp.WaitForHeldAsync();
        var second = mcp.ListAsync(server, token);
        await cancel.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => first);
        sandbox.Mcp.Release();

        Assert.NotEmpty(await second);
    }

    [Fact]
    public async Task Dead_token_of_one_call_does_not_fail_another_that_waits_with_a_good_one()
    {
        await using var sandbox = await McpHarness.SandboxAsync(McpProtocol.Sessions);
        await using var mcp = new McpHarness();
        var server = McpHarness.Server(sandbox.McpEndpoint);
        var token = new AccessToken(sandbox.OAuth.Mint().AccessToken);

        var outcomes = await Task.WhenAll(Enumerable.Range(0, 40).Select(i =>
            mcp.Gateway.ListToolsAsync(McpHarness.User(1), server, i % 2 == 0 ? new AccessToken("dead") : token, CancellationToken.None)));

        Assert.Equal(20, outcomes.OfType<McpOutcome<McpToolList>.Completed>().Count());
        Assert.Equal(20, outcomes.OfType<McpOutcome<McpToolList>.Unauthorized>().Count());
    }

    [Fact]
    public async Task Lost_session_is_replaced_and_the_call_runs_once()
    {
        await using var sandbox = await McpHarness.SandboxAsync(McpProtocol.Sessions);
        await using var mcp = new McpHarness();
        var server = McpHarness.Server(sandbox.McpEndpoint);
        var token = new AccessToken(sandbox.OAuth.Mint().AccessToken);
        await mcp.ListAsync(server, token);
        await sandbox.Mcp.CloseSessionsAsync();

        await mcp.CallAsync(server, token, McpHarness.Call("create", key: "once"));

        Assert.Equal(1, sandbox.Mcp.Effects["once"]);
        Assert.Equal(2, sandbox.Mcp.Counters.SessionsOpened);
    }

    [Fact]
    public async Task Calls_of_two_runs_on_one_users_connection_do_not_disturb_each_other()
    {
        await using var sandbox = await McpHarness.SandboxAsync(McpProtocol.Sessions);
        await using var mcp = new McpHarness();
        var server = McpHarness.Server(sandbox.McpEndpoint);
        var token = new AccessToken(sandbox.OAuth.Mint().AccessToken);

        var long1 = mcp.CallAsync(server, token, McpHarness.Call("wait"));
        await sandbox.Mcp.WaitForHeldAsync();
        await mcp.FailAsync(server, token, McpHarness.Call("crash"));
        await mcp.FailAsync(server, token, McpHarness.Call("nothing"));
        await mcp.CallAsync(server, token, McpHarness.Call("fail"));
        await mcp.ListAsync(server, token);
        mcp.Changes.Publish(new Change.Credential(new CredentialKey(McpHarness.User(1), server.Id)));
        await mcp.ListAsync(server, token);
        sandbox.Mcp.Release();

        Assert.False((await long1).IsError);
    }

    [Fact]
    public async Task Changed_credential_ends_the_session_when_its_last_call_has_ended()
    {
        await using var sandbox = await McpHarness.SandboxAsync(McpProtocol.Sessions);
        await using var mcp = new McpHarness();
        var server = McpHarness.Server(sandbox.McpEndpoint);
        var token = new AccessToken(sandbox.OAuth.Mint().AccessToken);
        var other = new AccessToken(sandbox.OAuth.Mint().AccessToken);
        await mcp.ListAsync(server, other, user: 2);
        var call = mcp.CallAsync(server, token, McpHarness.Call("wait"));
        await sandbox.Mcp.WaitForHeldAsync();

        mcp.Changes.Publish(new Change.Credential(new CredentialKey(McpHarness.User(1), server.Id)));
        await mcp.ListAsync(server, token);
        Assert.Equal(3, sandbox.Mcp.Counters.OpenSessions);
        sandbox.Mcp.Release();
        await call;

        await McpHarness.EventuallyAsync(() => sandbox.Mcp.Counters.OpenSessions == 2, "The old session should have been ended.");
    }

    [Fact]
    public async Task Idle_connection_ends_its_session()
    {
        await using var sandbox = await McpHarness.SandboxAsync(McpProtocol.Sessions);
        await using var mcp = new McpHarness(o => o.IdleTimeout = TimeSpan.FromMilliseconds(200));

        await mcp.ListAsync(McpHarness.Server(sandbox.McpEndpoint), new AccessToken(sandbox.OAuth.Mint().AccessToken));

        await McpHarness.EventuallyAsync(() => sandbox.Mcp.Counters is { SessionsOpened: 1, OpenSessions: 0 }, "The session should have been ended.");
    }

    [Fact]
    public async Task Stopping_ends_every_session()
    {
        await using var sandbox = await McpHarness.SandboxAsync(McpProtocol.Sessions);
        await using (var mcp = new McpHarness())
        {
            for (var user = 1; user <= 5; user++)
                await mcp.ListAsync(McpHarness.Server(sandbox.McpEndpoint), new AccessToken(sandbox.OAuth.Mint().AccessToken), user);
            Assert.Equal(5, sandbox.Mcp.Counters.OpenSessions);
        }

        Assert.Equal(0, sandbox.Mcp.Counters.OpenSessions);
    }

    [Fact]
    public async Task Full_pool_closes_the_least_recently_used_connection_and_refuses_when_all_are_in_use()
    {
        await using var sandbox = await McpHarness.SandboxAsync(McpProtocol.Sessions);
        await using var mcp = new McpHarness(o => o.MaxConnections = 2);
        var server = McpHarness.Server(sandbox.McpEndpoint);
        var token = new AccessToken(sandbox.OAuth.Mint().AccessToken);
        foreach (var user in (int[])[1, 2, 1, 3])
            await mcp.ListAsync(server, token, user);
        await McpHarness.EventuallyAsync(() => sandbox.Mcp.Counters.OpenSessions == 2, "One session should have been displaced.");
        var opened = sandbox.Mcp.Counters.SessionsOpened;
        await mcp.ListAsync(server, token, user: 1);
        Assert.Equal(opened, sandbox.Mcp.Counters.SessionsOpened);

        var busy = Enumerable.Range(1, 2).Select(user => mcp.CallAsync(server, token, McpHarness.Call("wait"), user)).ToList();
        await sandbox.Mcp.WaitForHeldAsync(2);
        Assert.Equal(McpFailureCodes.Busy, (await mcp.FailListAsync(server, token, user: 9)).Code);
        sandbox.Mcp.Release();
        await Task.WhenAll(busy);
        await mcp.ListAsync(server, token, user: 9);
    }

    [Fact]
    public async Task Server_with_as_many_calls_in_flight_as_allowed_is_busy_and_others_are_not()
    {
        await using var sandbox = await McpHarness.SandboxAsync();
        await using var mcp = new McpHarness(o => o.MaxCallsPerServer = 2);
        var server = McpHarness.Server(sandbox.McpEndpoint);
        var token = new AccessToken(sandbox.OAuth.Mint().AccessToken);
        var calls = Enumerable.Range(1, 2).Select(user => mcp.CallAsync(server, token, McpHarness.Call("wait"), user)).ToList();
        await sandbox.Mcp.WaitForHeldAsync(2);

        var failure = await mcp.FailAsync(server, token, McpHarness.Call("echo"), user: 3);
        Assert.Equal((McpFailureCodes.Busy, McpEffect.None), (failure.Code, failure.Effect));
        await mcp.CallAsync(server with { Id = Identity.McpServerId.From("other") }, token, McpHarness.Call("echo"));
        sandbox.Mcp.Release();
        await Task.WhenAll(calls);
        await mcp.CallAsync(server, token, McpHarness.Call("echo"));
    }

    [Fact]
    public async Task Listings_beyond_the_limit_wait_a_turn_a_user_and_hold_up_no_call()
    {
        await using var sandbox = await McpHarness.SandboxAsync();
        await using var mcp = new McpHarness(o => (o.MaxListingsPerServer, o.MaxCallsPerServer) = (1, 1));
        var server = McpHarness.Server(sandbox.McpEndpoint);
        var token = new AccessToken(sandbox.OAuth.Mint().AccessToken);
        await mcp.ListAsync(server, token);
        sandbox.Mcp.SetFault(new McpFault(McpFaultKind.Hang) { Method = "tools/list" });
        var first = mcp.ListAsync(server, token, user: 1);
        await sandbox.Mcp.WaitForHeldAsync();

        var ended = new System.Collections.Concurrent.ConcurrentQueue<long>();
        using var leaving = new CancellationTokenSource();
        var left = mcp.Gateway.ListToolsAsync(McpHarness.User(1), server, token, leaving.Token);
        var waiting = ((long[])[1, 1, 1, 2]).Select(ListAsync).ToList();
        await leaving.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => left);
        await mcp.CallAsync(server, token, McpHarness.Call("echo"), user: 3);
        Assert.Empty(ended);

        sandbox.Mcp.Release();
        await Task.WhenAll([first, .. waiting]);
        Assert.NotEqual(2, ended.Last());

        async Task ListAsync(long user)
        {
            await mcp.ListAsync(server, token, user);
            ended.Enqueue(user);
        }
    }

    [Theory]
    [InlineData(McpProtocol.Stateless)]
    [InlineData(McpProtocol.Sessions)]
    public async Task Two_thousand_listings_leave_no_stream_no_session_beyond_the_pool_and_no_descriptor(McpProtocol protocol)
    {
        await using var sandbox = await McpHarness.SandboxAsync(protocol);
        await using var mcp = new McpHarness(o => o.MaxConnections = 40);
        var server = McpHarness.Server(sandbox.McpEndpoint);
        var tokens = Enumerable.Range(1, 64).ToDictionary(i => (long)i, _ => new AccessToken(sandbox.OAuth.Mint().AccessToken));
        await ListAsync(200);
        var before = OpenDescriptors();

        await ListAsync(2000);

        await McpHarness.EventuallyAsync(
            () => sandbox.Mcp.Counters is { OpenStreams: 0, OpenGetStreams: 0, OpenSessions: <= 40 }, "Streams or sessions were left behind.");
        Assert.Equal(0, sandbox.Mcp.Counters.OpenGetStreams);
        // Each kept-alive connection is a descriptor at both ends, and they are as many as calls ran at once.
        Assert.InRange(OpenDescriptors() - before, int.MinValue, 80);

        Task ListAsync(int count) => Parallel.ForEachAsync(
            Enumerable.Range(0, count),
            new ParallelOptions { MaxDegreeOfParallelism = 32 },
            async (i, _) => await mcp.ListAsync(server, tokens[(i % 64) + 1], (i % 64) + 1));
    }

    private static int OpenDescriptors() => Directory.GetFileSystemEntries("/proc/self/fd").Length;
}
