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
    private static readonly ProbeId Probe = new(Guid.Parse("0198c0de-0000-7000-8000-000000000001"));

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
        Assert.Equal([new Rejection(First)], credentials.Rejections);
        Assert.Equal(1, sandbox.Mcp.Effects["once"]);

        Assert.IsType<AuthorizedOutcome<McpToolList>.Completed>(
            await mcp.Authorized.ListToolsAsync(McpHarness.User(1), server, Probe, CancellationToken.None));
        Assert.Equal([new Rejection(First), new Rejection(First)], credentials.Rejections);
    }

    [Fact]
    public async Task Second_rejection_asks_for_the_user_and_names_the_generation_that_was_seen()
    {
        await using var sandbox = await McpHarness.SandboxAsync();
        var credentials = new ScriptedCredentials
        {
            OnGet = () => new TokenOutcome.Issued(new AccessToken("dead"), First),
            OnRejected = rejection => rejection.IsRenewed
                ? new TokenOutcome.NeedsReauth(new CredentialSight(Second, CredentialState.Ready, 4, ParkCause.TokenRefused), CredentialReason.None)
                : new TokenOutcome.Issued(new AccessToken("dead too"), Second),
        };
        await using var mcp = new McpHarness(credentials: credentials);

        var outcome = Assert.IsType<AuthorizedOutcome<McpToolResult>.NeedsReauth>(
            await CallAsync(mcp, McpHarness.Server(sandbox.McpEndpoint), McpHarness.Call("echo")));

        Assert.Equal(new CredentialSight(Second, CredentialState.Ready, 4, ParkCause.TokenRefused), outcome.Seen);
        Assert.Equal([new Rejection(First), new Rejection(Second, IsRenewed: true)], credentials.Rejections);
        Assert.Equal(0, sandbox.Mcp.Counters.ToolCalls);
    }

    [Fact]
    public async Task What_the_credential_says_instead_of_a_token_is_passed_on()
    {
        await using var sandbox = await McpHarness.SandboxAsync();
        var credentials = new ScriptedCredentials();
        await using var mcp = new McpHarness(credentials: credentials);
        var server = McpHarness.Server(sandbox.McpEndpoint);

        credentials.OnGet = () => new TokenOutcome.NeedsReauth(new CredentialSight(First, CredentialState.Absent), CredentialReason.None);
        var absent = Assert.IsType<AuthorizedOutcome<McpToolResult>.NeedsReauth>(await CallAsync(mcp, server, McpHarness.Call("echo")));
        Assert.Equal(new CredentialSight(First, CredentialState.Absent), absent.Seen);

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

    [Fact]
    public async Task Young_token_is_tried_once_more_and_a_renewed_one_too()
    {
        await using var sandbox = await McpHarness.SandboxAsync();
        var given = new Queue<TokenOutcome>(
        [
            new TokenOutcome.Issued(new AccessToken("dead"), First),
            new TokenOutcome.Issued(new AccessToken("dead too"), Second),
            new TokenOutcome.Issued(new AccessToken(sandbox.OAuth.Mint().AccessToken), Second),
        ]);
        var credentials = new ScriptedCredentials
        {
            OnGet = () => new TokenOutcome.Issued(new AccessToken("dead"), First),
            OnRejected = _ => given.Dequeue(),
        };
        await using var mcp = new McpHarness(credentials: credentials);

        Assert.IsType<AuthorizedOutcome<McpToolResult>.Completed>(
            await CallAsync(mcp, McpHarness.Server(sandbox.McpEndpoint), McpHarness.Call("echo")));
        Assert.Equal(
            [new Rejection(First), new Rejection(First), new Rejection(Second, IsRenewed: true)], credentials.Rejections);
        Assert.Empty(credentials.Accepted);
    }

    [Fact]
    public async Task Tokens_that_change_without_end_end_the_call()
    {
        await using var sandbox = await McpHarness.SandboxAsync();
        var credentials = new ScriptedCredentials { OnGet = () => new TokenOutcome.Issued(new AccessToken("dead"), First) };
        credentials.OnRejected = rejection => new TokenOutcome.Issued(new AccessToken("dead"), new Generation(rejection.Generation.Value + 1));
        await using var mcp = new McpHarness(credentials: credentials);

        Assert.IsType<AuthorizedOutcome<McpToolResult>.Unavailable>(
            await CallAsync(mcp, McpHarness.Server(sandbox.McpEndpoint), McpHarness.Call("echo")));
        Assert.Equal(4, credentials.Rejections.Count);
    }

    [Fact]
    public async Task Probe_is_taken_when_its_time_has_come_and_what_it_found_is_reported()
    {
        await using var sandbox = await McpHarness.SandboxAsync();
        var sight = new CredentialSight(First, CredentialState.Ready, 1, ParkCause.TokenRefused);
        var credentials = new ScriptedCredentials { OnGet = () => new TokenOutcome.NeedsReauth(sight, CredentialReason.None) };
        await using var mcp = new McpHarness(credentials: credentials);
        var server = McpHarness.Server(sandbox.McpEndpoint);

        Assert.IsType<AuthorizedOutcome<McpToolResult>.NeedsReauth>(await CallAsync(mcp, server, McpHarness.Call("echo")));
        credentials.OnGet = () => new TokenOutcome.NeedsReauth(sight, CredentialReason.None, IsPauseOver: true, ProbeId.New());
        Assert.IsType<AuthorizedOutcome<McpToolResult>.NeedsReauth>(await CallAsync(mcp, server, McpHarness.Call("echo")));

        credentials.OnGet = () => new TokenOutcome.NeedsReauth(sight, CredentialReason.None, IsPauseOver: true);
        credentials.OnProbe = probe => new TokenOutcome.Issued(new AccessToken(sandbox.OAuth.Mint().AccessToken), First, probe);
        Assert.IsType<AuthorizedOutcome<McpToolResult>.Completed>(await CallAsync(mcp, server, McpHarness.Call("echo")));
        Assert.Equal([First], credentials.Accepted);

        // A probe that is refused as well says so as what it is.
        credentials.OnProbe = probe => new TokenOutcome.Issued(new AccessToken("dead"), First, probe);
        credentials.OnRejected = _ => new TokenOutcome.NeedsReauth(sight, CredentialReason.None);
        Assert.IsType<AuthorizedOutcome<McpToolResult>.NeedsReauth>(await CallAsync(mcp, server, McpHarness.Call("echo")));
        Assert.Equal([new Rejection(First, Probe: Probe)], credentials.Rejections);
        Assert.Equal([First], credentials.Accepted);

        // No answer says nothing of the token.
        sandbox.Mcp.SetFault(new McpFault(McpFaultKind.Abort) { Tool = "echo" });
        credentials.OnProbe = probe => new TokenOutcome.Issued(new AccessToken(sandbox.OAuth.Mint().AccessToken), First, probe);
        Assert.IsType<AuthorizedOutcome<McpToolResult>.Failed>(await CallAsync(mcp, server, McpHarness.Call("echo")));
        Assert.Equal([First], credentials.Accepted);
    }

    private static async Task<AuthorizedOutcome<McpToolResult>> CallAsync(McpHarness mcp, McpServer server, McpToolCall call)
    {
        var authorization = await mcp.Authorized.AuthorizeAsync(McpHarness.User(1), server, Probe, CancellationToken.None);
        return await mcp.Authorized.CallToolAsync(McpHarness.User(1), server, authorization, call, CancellationToken.None);
    }
}
