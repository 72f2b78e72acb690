using System.Net;
using System.Text.Json;
using Executor.Credentials;
using Executor.Servers;
using Executor.Tests.Http.Fakes;

namespace Executor.Tests.Http;

public sealed class ToolListTests : IAsyncLifetime
{
    private FrontEnd _node = null!;

    public async Task InitializeAsync() => _node = await FrontEnd.StartAsync();

    public async Task DisposeAsync() => await _node.DisposeAsync();

    [Fact]
    public async Task Tools_come_as_their_server_describes_them_and_with_what_was_left_out()
    {
        var search = JsonDocument.Parse(
            """{"name":"search","title":"Search","inputSchema":{"type":"object"},"annotations":{"readOnlyHint":true},"_meta":{"a/b":[1.0]},"new":null}""").RootElement;
        var bare = JsonDocument.Parse("""{"inputSchema":{},"name":"bare","description":"Does nothing"}""").RootElement;
        _node.Servers.OnList = () => new McpOutcome<McpToolList>.Completed(
            new McpToolList([new McpTool("search", search), new McpTool("bare", bare)], [new McpLeftOut(2, "odd", LeftOutReasons.Duplicate), new McpLeftOut(3, null, LeftOutReasons.NoName)], 7));

        using var response = await _node.GetAsync("/list-mcp-tools?mcpServerId=crm");

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal(
            """{"tools":[{"name":"search","description":"","inputSchema":{"type":"object"},"title":"Search","annotations":{"readOnlyHint":true},"_meta":{"a/b":[1.0]},"new":null},{"name":"bare","description":"Does nothing","inputSchema":{}}],"leftOut":[{"position":2,"reason":"duplicate","name":"odd"},{"position":3,"reason":"no-name"}],"moreLeftOut":7}""",
            await response.Content.ReadAsStringAsync());
    }

    [Fact]
    public async Task Depth_of_a_schema_fails_no_answer()
    {
        var deep = JsonDocument.Parse(
            $$"""{"name":"deep","inputSchema":{{string.Concat(Enumerable.Repeat("{\"not\":", 400))}}{}{{new string('}', 400)}}}""",
            new JsonDocumentOptions { MaxDepth = 500 }).RootElement;
        _node.Servers.OnList = () => new McpOutcome<McpToolList>.Completed(new McpToolList([new McpTool("deep", deep)], []));

        using var response = await _node.GetAsync("/list-mcp-tools?mcpServerId=crm");

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Contains(deep.GetProperty("inputSchema").GetRawText(), await response.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Server_without_tools_is_a_success()
    {
        using var response = await _node.GetAsync("/list-mcp-tools?mcpServerId=" + Uri.EscapeDataString("bücher/100%"));

        Assert.Equal("""{"tools":[]}""", await response.Content.ReadAsStringAsync());
    }

    [Theory]
    [InlineData("")]
    [InlineData("?mcpServerId=")]
    [InlineData("?mcpServerId")]
    [InlineData("?mcpServerId=crm&mcpServerId=crm")]
    [InlineData("?other=crm")]
    public async Task Server_must_be_named_once(string query)
    {
        _node.Servers.Failure = new InvalidOperationException("must not be called");

        using var response = await _node.GetAsync("/list-mcp-tools" + query);

        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        Assert.Equal("Missing required query parameter \"mcpServerId\"", (await response.JsonAsync()).Text("error"));
    }

    [Theory]
    [InlineData("nope")]
    [InlineData("%00")]
    [InlineData("CRM")]
    public async Task Server_that_is_not_configured_is_not_found(string id)
    {
        using var response = await _node.GetAsync("/list-mcp-tools?mcpServerId=" + id);

        Assert.Equal(HttpStatusCode.NotFound, response.StatusCode);
        Assert.StartsWith("No MCP server is configured", (await response.JsonAsync()).Text("error"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task User_who_has_to_connect_gets_the_typed_conflict()
    {
        _node.Credentials.OnToken = () => new TokenOutcome.NeedsReauth(new CredentialSight(Generation.None, CredentialState.Absent), CredentialReason.None);

        using var response = await _node.GetAsync("/list-mcp-tools?mcpServerId=crm");

        Assert.Equal(HttpStatusCode.Conflict, response.StatusCode);
        var problem = await response.JsonAsync();
        Assert.Equal(("needs-oauth-reauth", "crm"), (problem.Text("awaitingInputReason"), problem.Text("mcpServerId")));
    }

    [Fact]
    public async Task Rejection_of_a_fresh_token_asks_to_connect()
    {
        _node.Servers.OnList = () => new McpOutcome<McpToolList>.Unauthorized();
        var given = new Queue<TokenOutcome>(
        [
            new TokenOutcome.Issued(new AccessToken("at"), new Generation(1)),
            new TokenOutcome.Issued(new AccessToken("at-2"), new Generation(2)),
            new TokenOutcome.NeedsReauth(new CredentialSight(new Generation(2), CredentialState.Ready, 1, ParkCause.TokenRefused), CredentialReason.None),
        ]);
        _node.Credentials.OnToken = given.Dequeue;

        using var response = await _node.GetAsync("/list-mcp-tools?mcpServerId=crm");

        Assert.Equal(HttpStatusCode.Conflict, response.StatusCode);
    }

    [Fact]
    public async Task Missing_key_is_typed()
    {
        _node.Credentials.OnToken = () => new TokenOutcome.EncryptionKeyMissing();

        using var response = await _node.GetAsync("/list-mcp-tools?mcpServerId=crm");

        Assert.Equal(HttpStatusCode.ServiceUnavailable, response.StatusCode);
        Assert.Equal("executor_encryption_key_missing", (await response.JsonAsync()).Text("code"));
    }

    [Fact]
    public async Task Credential_that_may_come_back_says_when()
    {
        _node.Credentials.OnToken = () => new TokenOutcome.Unavailable(TimeSpan.FromSeconds(6.2)) { Reason = new BlockedReason("invalid_scope") };

        using var response = await _node.GetAsync("/list-mcp-tools?mcpServerId=crm");

        Assert.Equal(HttpStatusCode.ServiceUnavailable, response.StatusCode);
        Assert.Equal(TimeSpan.FromSeconds(7), response.Headers.RetryAfter?.Delta);
        Assert.Equal("invalid_scope", (await response.JsonAsync()).Text("blockedReason"));
    }

    [Fact]
    public async Task Server_that_cannot_be_reached_is_a_typed_503()
    {
        _node.Servers.OnList = () => new McpOutcome<McpToolList>.Failed(
            new McpFailure(McpFailureCodes.Unreachable, "The MCP server could not be reached.", McpEffect.None));

        using var response = await _node.GetAsync("/list-mcp-tools?mcpServerId=crm");

        Assert.Equal(HttpStatusCode.ServiceUnavailable, response.StatusCode);
        var problem = await response.JsonAsync();
        Assert.Equal("The MCP server could not be reached to list its tools", problem.Text("error"));
        Assert.Equal(McpFailureCodes.Unreachable, problem.Text("code"));
    }
}
