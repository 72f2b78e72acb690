using System.Net;
using Executor.Credentials;
using Executor.Identity;
using Executor.Sandbox;
using Executor.Security;
using Executor.Tests.Infrastructure;
using Microsoft.Extensions.DependencyInjection;

namespace Executor.Tests.Server;

/// <summary>A node meets a row that is sealed with a key that it does not have: it cannot go on there, and that says nothing about the row.</summary>
public sealed class UnknownKeyTests
{
    private const string Run =
        """{"name":"greet","steps":[{"id":"one","type":"mcp","mcpServerId":"crm","tool":"echo","arguments":{"text":"hi"}}]}""";

    [Fact]
    public async Task Row_of_an_unknown_key_is_503_and_a_run_goes_back_to_the_queue()
    {
        await using var sandbox = await SandboxHost.StartAsync();
        await using var node = await LiveNode.StartAsync(
            $$"""
            "crm":{"url":"{{sandbox.McpEndpoint}}","auth":{"type":"oauth2"} }
            """);
        var grant = sandbox.OAuth.Mint();
        var store = node.Services.GetRequiredService<ICredentialStore>();
        var key = new CredentialKey(UserId.From(7), McpServerId.From("crm"));
        var own = node.Services.GetRequiredService<CredentialVault>();
        await node.As(7).DepositAsync("crm", grant, sandbox);
        await SealAsync(VaultOf(new string('b', 64)));
        var before = await node.StoredAsync();

        var listed = await node.As(7).ListToolsAsync("crm");
        var run = (await node.As(7).StartRunAsync(Run)).Json.GetProperty("id").GetString()!;
        await Eventually.TrueAsync(async () => (await node.StoredAsync()).Contains("blocked_since=1", StringComparison.Ordinal));

        Assert.Equal(HttpStatusCode.ServiceUnavailable, listed.Status);
        Assert.NotNull(listed.RetryAfter);
        Assert.Equal("pending", (await node.As(7).GetRunAsync(run)).Json.GetProperty("status").GetString());
        Assert.Contains("a key that this node does not have", await node.Http.GetStringAsync("/readyz"), StringComparison.Ordinal);
        Assert.StartsWith(before, await node.StoredAsync(), StringComparison.Ordinal);
        Assert.Equal(0, sandbox.OAuth.Counters.GrantRequests);

        // Whoever has the key seals it anew: the run goes on at once.
        await SealAsync(own);
        Assert.Equal("succeeded", (await node.As(7).RunReachesAsync(run, "succeeded", "failed", "awaiting-input")).GetProperty("status").GetString());

        Task SealAsync(CredentialVault vault) => store.ChangeAsync(key, default, ledger => new CredentialDecision<bool>(true, ledger.Row! with
        {
            RefreshToken = vault.SealRefreshToken(new RefreshToken(grant.RefreshToken), key, ledger.Row.Generation),
        }), default);
    }

    private static CredentialVault VaultOf(string key)
    {
        var ring = Keyring.Create(key, []);
        return new CredentialVault(new SecretBox(ring), new LineageHash(ring));
    }
}
