using Executor.Credentials;
using Executor.Sandbox;
using Executor.Sandbox.Mcp;
using Executor.Servers;
using AccessToken = Executor.Credentials.AccessToken;

namespace Executor.Tests.Mcp;

public sealed class AuthorizedMcpTests
{
    private static readonly Generation First = new(7);
    private static readonly Generation Second = new(9);

    [Fact]
    public async Task Rejected_token_is_refreshed_once_and_the_call_runs_once()
    {
        await using var sandbox = await McpHarness.SandboxAsync();
        var credentials = new ScriptedCredentials
        {
            OnGet = () => new TokenOutcome.Issued(new AccessToken("dead"), First),
            OnRejected = _ => new TokenOutcome.Issued(new AccessToken(sandbox.OAuth.Mint().AccessToken), Second),
        };
        await using var mcp = new McpHarness(credentials: credentials);
        var server = McpHarness.Server(sandbox.McpEndpoint);

        Assert.IsType<AuthorizedOutcome<McpToolResult>.Completed>(await CallAsync(mcp, server, McpHarness.Call("create", key: "once")));
        Assert.Equal([First], credentials.Rejections);
        Assert.Equal(1, sandbox.Mcp.Effects["once"]);

        Assert.IsType<AuthorizedOutcome<McpToolList>.Completed>(
            await mcp.Authorized.ListToolsAsync(McpHarness.User(1), server, CancellationToken.None));
        Assert.Equal([First, First], credentials.Rejections);
    }

    [Fact]
    public async Task Second_rejection_asks_for_the_user_and_names_the_generation_that_was_seen()
    {
        await using var sandbox = await McpHarness.SandboxAsync();
        var credentials = new ScriptedCredentials
        {
            OnGet = () => new TokenOutcome.Issued(new AccessToken("dead"), First),
            OnRejected = _ => new TokenOutcome.Issued(new AccessToken("dead too"), Second),
        };
        await using var mcp = new McpHarness(credentials: credentials);

        var outcome = Assert.IsType<AuthorizedOutcome<McpToolResult>.NeedsReauth>(
            await CallAsync(mcp, McpHarness.Server(sandbox.McpEndpoint), McpHarness.Call("echo")));

        Assert.Equal((Second, CredentialState.Ready), (outcome.Seen, outcome.SeenState));
        Assert.Equal([First], credentials.Rejections);
        Assert.Equal(0, sandbox.Mcp.Counters.ToolCalls);
    }

    [Fact]
    public async Task What_the_credential_says_instead_of_a_token_is_passed_on()
    {
        await using var sandbox = await McpHarness.SandboxAsync();
        var credentials = new ScriptedCredentials();
        await using var mcp = new McpHarness(credentials: credentials);
        var server = McpHarness.Server(sandbox.McpEndpoint);

        credentials.OnGet = () => new TokenOutcome.NeedsReauth(First, CredentialState.Absent, CredentialReason.None);
        var absent = Assert.IsType<AuthorizedOutcome<McpToolResult>.NeedsReauth>(await CallAsync(mcp, server, McpHarness.Call("echo")));
        Assert.Equal((First, CredentialState.Absent), (absent.Seen, absent.SeenState));

        credentials.OnGet = () => new TokenOutcome.Issued(new AccessToken("dead"), First);
        credentials.OnRejected = _ => new TokenOutcome.Unavailable(TimeSpan.FromSeconds(3));
        Assert.Equal(
            TimeSpan.FromSeconds(3),
            Assert.IsType<AuthorizedOutcome<McpToolResult>.Unavailable>(await CallAsync(mcp, server, McpHarness.Call("echo"))).RetryAfter);

        credentials.OnGet = () => new TokenOutcome.EncryptionKeyMissing();
        Assert.IsType<AuthorizedOutcome<McpToolResult>.EncryptionKeyMissing>(await CallAsync(mcp, server, McpHarness.Call("echo")));
    }

    [Fact]
    public async Task Forbidden_is_an_ordinary_failure_and_no_reason_to_refresh()
    {
        await using var sandbox = await McpHarness.SandboxAsync();
        var token = new AccessToken(sandbox.OAuth.Mint().AccessToken);
        var credentials = new ScriptedCredentials { OnGet = () => new TokenOutcome.Issued(token, First) };
        await using var mcp = new McpHarness(credentials: credentials);
        sandbox.Mcp.SetFault(new McpFault(McpFaultKind.Forbidden) { Tool = "echo" });

        var failed = Assert.IsType<AuthorizedOutcome<McpToolResult>.Failed>(
            await CallAsync(mcp, McpHarness.Server(sandbox.McpEndpoint), McpHarness.Call("echo")));

        Assert.Equal((McpFailureCodes.Forbidden, McpEffect.None), (failed.Failure.Code, failed.Failure.Effect));
        Assert.Empty(credentials.Rejections);
    }

    [Fact]
    public async Task Rejected_static_bearer_is_a_failure_of_the_configuration()
    {
        await using var sandbox = await McpHarness.SandboxAsync(options: new SandboxOptions { McpAuth = McpAuth.StaticBearer, StaticBearer = "right" });
        await using var mcp = new McpHarness();
        var wrong = McpHarness.Server(sandbox.McpEndpoint, new McpServerAuth.Bearer(), ("Authorization", "Bearer wrong"));
        var right = McpHarness.Server(sandbox.McpEndpoint, new McpServerAuth.Bearer(), ("Authorization", "Bearer right"));

        var failed = Assert.IsType<AuthorizedOutcome<McpToolResult>.Failed>(await CallAsync(mcp, wrong, McpHarness.Call("echo")));
        Assert.Equal((McpFailureCodes.Unauthorized, McpEffect.None), (failed.Failure.Code, failed.Failure.Effect));
        Assert.IsType<AuthorizedOutcome<McpToolResult>.Completed>(await CallAsync(mcp, right, McpHarness.Call("echo")));
    }

    private static async Task<AuthorizedOutcome<McpToolResult>> CallAsync(McpHarness mcp, McpServer server, McpToolCall call)
    {
        var authorization = await mcp.Authorized.AuthorizeAsync(McpHarness.User(1), server, CancellationToken.None);
        return await mcp.Authorized.CallToolAsync(McpHarness.User(1), server, authorization, call, CancellationToken.None);
    }
}
