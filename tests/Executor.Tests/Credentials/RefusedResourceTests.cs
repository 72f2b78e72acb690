using Executor.Credentials;
using Executor.Sandbox.Mcp;
using Executor.Servers;
using Executor.Tests.Mcp;
using Microsoft.Extensions.Logging;

namespace Executor.Tests.Credentials;

/// <summary>Owners, a real OAuth server and a real MCP server that turns good tokens down.</summary>
public sealed class RefusedResourceTests : IAsyncLifetime
{
    private CredentialWorld _world = null!;
    private McpHarness _gateway = null!;
    private McpServer _server = null!;

    public async Task InitializeAsync()
    {
        _world = await CredentialWorld.StartAsync();
        _gateway = NewGateway();
        _server = _world.Catalog.Find(CredentialWorld.Server)!;
    }

    public async Task DisposeAsync()
    {
        await _gateway.DisposeAsync();
        await _world.DisposeAsync();
    }

    private int Redemptions => _world.Sandbox.OAuth.Counters.GrantRequests;

    [Fact]
    public async Task Listings_of_a_server_that_refuses_every_token_cost_two_redemptions_and_one_a_pause()
    {
        var node = _world.Node();
        await _world.DepositAsync(node);
        _world.Sandbox.Mcp.SetFault(new McpFault(McpFaultKind.Unauthorized) { Times = null });

        for (var n = 0; n < 10; n++)
            Assert.IsType<AuthorizedOutcome<McpToolList>.NeedsReauth>(await ListAsync(node));
        Assert.Equal(2, Redemptions); // the first token, and one for its rejection
        Assert.Single(_world.Logs.Lines, line => line.Level == LogLevel.Warning && line.Text.Contains("refuses", StringComparison.Ordinal));

        for (var pauses = 1; pauses <= 3; pauses++)
        {
            await PassPauseAsync();
            await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => ListAsync(node)));
            Assert.Equal(2 + pauses, Redemptions);
        }

        // Accepted again: the token that there is will do.
        _world.Sandbox.Mcp.ClearFaults();
        await PassPauseAsync();
        Assert.IsType<AuthorizedOutcome<McpToolList>.Completed>(await ListAsync(node));
        Assert.Equal(5, Redemptions);
        Assert.False((await _world.RowAsync()).Refusal.IsActive);
    }

    [Fact]
    public async Task Token_that_was_refused_and_is_accepted_again_is_good_for_all_at_every_node()
    {
        var nodes = new[] { _world.Node(), _world.Node("other") };
        await _world.DepositAsync(nodes[0]);
        _world.Sandbox.Mcp.SetFault(new McpFault(McpFaultKind.Unauthorized) { Times = null });
        Assert.IsType<AuthorizedOutcome<McpToolList>.NeedsReauth>(await ListAsync(nodes[0]));
        for (var turn = 0; turn < 2; turn++)
        {
            await PassPauseAsync();
            Assert.IsType<AuthorizedOutcome<McpToolList>.NeedsReauth>(await ListAsync(nodes[turn]));
        }

        _world.Sandbox.Mcp.ClearFaults();
        await PassPauseAsync();
        var before = Redemptions;
        for (var turn = 0; turn < 6; turn++)
            Assert.IsType<AuthorizedOutcome<McpToolList>.Completed>(await ListAsync(nodes[turn % 2]));
        Assert.Equal(before, Redemptions);
    }

    [Fact]
    public async Task Rejection_from_before_a_refusal_ended_says_nothing_of_the_token_that_was_accepted_since()
    {
        var node = _world.Node();
        await _world.DepositAsync(node);
        _world.Sandbox.Mcp.SetFault(new McpFault(McpFaultKind.Unauthorized) { Times = null });
        Assert.IsType<AuthorizedOutcome<McpToolList>.NeedsReauth>(await ListAsync(node));
        var refused = await _world.RowAsync();
        var late = new Rejection(refused.Generation, IsRenewed: true, Episode: refused.Refusal.Episode);

        _world.Sandbox.Mcp.ClearFaults();
        await PassPauseAsync();
        Assert.IsType<AuthorizedOutcome<McpToolList>.Completed>(await ListAsync(node));
        var before = Redemptions;
        foreach (var rejection in new[] { late, late with { IsRenewed = false } })
            Assert.Equal(refused.Generation, Assert.IsType<TokenOutcome.Issued>(await node.Owner().TokenRejectedAsync(rejection, default)).Generation);
        Assert.Equal(before, Redemptions);
        Assert.False((await _world.RowAsync()).Refusal.IsActive);
    }

    [Fact]
    public async Task Refusal_is_known_at_every_node_and_after_a_restart()
    {
        var node = _world.Node();
        await _world.DepositAsync(node);
        _world.Sandbox.Mcp.SetFault(new McpFault(McpFaultKind.Unauthorized) { Times = null });
        Assert.IsType<AuthorizedOutcome<McpToolList>.NeedsReauth>(await ListAsync(node));

        for (var n = 0; n < 5; n++)
            Assert.IsType<AuthorizedOutcome<McpToolList>.NeedsReauth>(await ListAsync(_world.Node($"other-{n}")));
        Assert.Equal(2, Redemptions);
    }

    [Fact]
    public async Task Young_token_is_tried_once_more_before_anything_is_redeemed_for_it()
    {
        var node = _world.Node(youngToken: TimeSpan.FromSeconds(5));
        await _world.DepositAsync(node);
        _world.Sandbox.Mcp.SetFault(new McpFault(McpFaultKind.Unauthorized) { Times = 1 });
        var begun = _world.Time.GetUtcNow();

        var listing = ListAsync(node);
        await _world.AdvanceUntilAsync(() => listing.IsCompleted, TimeSpan.FromSeconds(0.5));

        Assert.IsType<AuthorizedOutcome<McpToolList>.Completed>(await listing);
        Assert.Equal(1, Redemptions);
        Assert.True(_world.Time.GetUtcNow() - begun >= TimeSpan.FromSeconds(5));
    }

    private static McpHarness NewGateway() => new();

    private async Task PassPauseAsync() =>
        _world.Time.Advance((await _world.RowAsync()).Refusal.Until!.Value - _world.Time.GetUtcNow());

    private async Task<AuthorizedOutcome<McpToolList>> ListAsync(TestNode node) =>
        await new AuthorizedMcp(node.Credentials, _gateway.Gateway)
            .ListToolsAsync(CredentialWorld.Key().User, _server, ProbeId.New(), CancellationToken.None);
}
