using Executor.Sandbox;
using Executor.Sandbox.Mcp;
using Executor.Sandbox.OAuth;

namespace Executor.Soak;

/// <summary>What goes wrong outside: providers, MCP servers, and users who withdraw their consent elsewhere.</summary>
internal sealed class WorldEvents(SandboxHost sandbox, Grants grants, Ledger ledger)
{
    private static readonly OAuthFault[] Providers =
    [
        OAuthFault.Busy(429, "2"),
        OAuthFault.Busy(503),
        OAuthFault.ServerErrorBeforeSpending(),
        OAuthFault.ServerErrorAfterSpending(),
        OAuthFault.HangBeforeSpending(4_000),
        OAuthFault.HangAfterSpending(4_000),
        OAuthFault.DropBeforeSpending(),
        OAuthFault.DropAfterSpending(),
        OAuthFault.Html(502, spent: false),
        OAuthFault.TruncatedJson(),
        OAuthFault.MalformedJson(),
        OAuthFault.SlowBody(2_000),
    ];

    private static readonly McpFault[] Servers =
    [
        new(McpFaultKind.Unauthorized),
        new(McpFaultKind.ServerError),
        new(McpFaultKind.ServerError) { AfterExecuting = true },
        new(McpFaultKind.Abort),
        new(McpFaultKind.Abort) { AfterExecuting = true },
        new(McpFaultKind.Hang) { HoldMilliseconds = 3_000 },
        new(McpFaultKind.Hang) { HoldMilliseconds = 3_000, AfterExecuting = true },
    ];

    public Task NextAsync(Random random)
    {
        var (kind, times) = (random.Next(10), 1 + random.Next(3));
        switch (kind)
        {
            case < 4:
                ledger.Count("provider faults");
                sandbox.OAuth.SetFault(Providers[random.Next(Providers.Length)] with { Times = times });
                break;
            case < 8:
                ledger.Count("server faults");
                sandbox.Mcp.SetFault(Servers[random.Next(Servers.Length)] with { Times = times });
                break;
            case 8 when grants.Any(random) is { } shortened:
                ledger.Count("access tokens ended");
                sandbox.OAuth.RevokeAccessTokens(shortened);
                break;
            case 9 when grants.Any(random) is { } withdrawn:
                ledger.Count("consents withdrawn");
                grants.Withdraw(withdrawn);
                break;
        }

        return Task.CompletedTask;
    }

    public void End()
    {
        sandbox.OAuth.ClearFaults();
        sandbox.Mcp.ClearFaults();
    }
}
