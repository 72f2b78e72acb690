using System.Text;
using Executor.Identity;
using Executor.Servers;

namespace Executor.Tests.Mcp;

public sealed class McpServersFileTests
{
    private static readonly Dictionary<string, string> Environment = new(StringComparer.Ordinal) { ["CRM_KEY"] = "s3cret", ["HOST"] = "crm.example.com" };

    [Fact]
    public void Whole_file_is_read()
    {
        var catalog = Loaded("""
            {"$schema": "x", "mcpServers": {
              "crm": {"type": "http", "description": "customers", "url": "https://${HOST}/mcp?a=1", "headers": {"X-Key": "k-${CRM_KEY}"},
                      "auth": {"type": "oauth2", "resource": "https://crm.example.com", "refreshReplay": "grace:60", "tokenEndpoints": ["https://id.example.com/token"]}},
              "bearer": {"url": "https://b.example.com", "headers": {"authorization": "Bearer ${CRM_KEY}"}, "auth": {"type": "bearer"}},
              "guessed": {"url": "https://b.example.com", "headers": {"Authorization": "Bearer ${CRM_KEY}"}},
              "open": {"url": "http://10.0.0.1/mcp"},
              "keep": {"url": "https://k.example.com", "auth": {"type": "oauth2", "refreshReplay": "no-rotation"}},
              "a/b %": {"url": "https://k.example.com", "auth": {"type": "oauth2"}}
            }}
            """);

        var crm = catalog.Find(McpServerId.From("crm"))!;
        Assert.Equal("https://crm.example.com/mcp?a=1", crm.Url.AbsoluteUri);
        Assert.Equal("k-s3cret", crm.Headers["x-key"]);
        var auth = Assert.IsType<McpServerAuth.OAuth2>(crm.Auth);
        Assert.Equal("https://crm.example.com", auth.Resource);
        Assert.Equal(RefreshReplay.Grace(TimeSpan.FromSeconds(60)), auth.Replay);
        Assert.Equal(["https://id.example.com/token"], auth.TokenEndpoints);
        Assert.IsType<McpServerAuth.Bearer>(catalog.Find(McpServerId.From("bearer"))!.Auth);
        Assert.IsType<McpServerAuth.Bearer>(catalog.Find(McpServerId.From("guessed"))!.Auth);
        Assert.IsType<McpServerAuth.None>(catalog.Find(McpServerId.From("open"))!.Auth);
        Assert.Equal(RefreshReplay.NoRotation, Assert.IsType<McpServerAuth.OAuth2>(catalog.Find(McpServerId.From("keep"))!.Auth).Replay);
        Assert.Equal(RefreshReplay.Strict, Assert.IsType<McpServerAuth.OAuth2>(catalog.Find(McpServerId.From("a/b %"))!.Auth).Replay);
        Assert.Null(catalog.Find(McpServerId.From("unknown")));
    }

    [Fact]
    public void Absent_file_means_no_servers()
    {
        var outcome = McpServersFile.Load(Path.Combine(Path.GetTempPath(), Guid.NewGuid().ToString()), _ => null);

        Assert.Null(Assert.IsType<ServersFileOutcome.Loaded>(outcome).Catalog.Find(McpServerId.From("crm")));
    }

    [Theory]
    [InlineData("""{"url": "ftp://zz.example.com"}""", "crm.url", "http")]
    [InlineData("""{"url": "https://zz:zz@example.com"}""", "crm.url", "password")]
    [InlineData("""{"url": 5}""", "crm.url", "string")]
    [InlineData("""{}""", "crm.url", "missing")]
    [InlineData("""{"command": "zz", "args": []}""", "crm.command", "stdio")]
    [InlineData("""{"url": "https://e.com", "type": "sse"}""", "crm.type", "'http'")]
    [InlineData("""{"url": "https://e.com", "hedaers": {}}""", "crm.hedaers", "allowed are")]
    [InlineData("""{"url": "https://e.com", "headers": {"X Y": "zz"}}""", "crm.headers.X Y", "header name")]
    [InlineData("""{"url": "https://e.com", "headers": {"X": "zz\r\nEvil: zz"}}""", "crm.headers.X", "line breaks")]
    [InlineData("""{"url": "https://e.com", "headers": {"X": "zz", "x": "zz"}}""", "crm.headers.x", "twice")]
    [InlineData("""{"url": "https://e.com", "headers": {"mcp-session-id": "zz"}}""", "crm.headers.mcp-session-id", "itself")]
    [InlineData("""{"url": "https://e.com", "headers": {"X": "${NOT_SET}"}}""", "crm.headers.X", "NOT_SET")]
    [InlineData("""{"url": "https://e.com", "headers": {"X": "${}"}}""", "crm.headers.X", "name of an environment variable")]
    [InlineData("""{"url": "https://e.com", "headers": {"aUTHORIZATION": "zz"}, "auth": {"type": "oauth2"}}""", "crm.headers", "exclude")]
    [InlineData("""{"url": "https://e.com", "headers": {"Authorization": "zz"}, "auth": {"type": "none"}}""", "crm.headers", "exclude")]
    [InlineData("""{"url": "https://e.com", "auth": {"type": "bearer"}}""", "crm.headers", "needs an Authorization header")]
    [InlineData("""{"url": "https://e.com", "auth": {"type": "zz"}}""", "crm.auth.type", "'oauth2'")]
    [InlineData("""{"url": "https://e.com", "auth": {"type": "none", "resource": "https://zz"}}""", "crm.auth.resource", "allowed are")]
    [InlineData("""{"url": "https://e.com", "auth": {"type": "oauth2", "resource": "zz"}}""", "crm.auth.resource", "absolute")]
    [InlineData("""{"url": "https://e.com", "auth": {"type": "oauth2", "refreshReplay": "grace:-1"}}""", "crm.auth.refreshReplay", "'strict'")]
    [InlineData("""{"url": "https://e.com", "auth": {"type": "oauth2", "refreshReplay": "grace:0"}}""", "crm.auth.refreshReplay", "'strict'")]
    [InlineData("""{"url": "https://e.com", "auth": {"type": "oauth2", "tokenEndpoints": ["zz"]}}""", "crm.auth.tokenEndpoints", "absolute")]
    [InlineData("""{"url": "https://e.com", "userAgent": 7}""", "crm.userAgent", "string")]
    [InlineData("""{"url": "https://e.com", "userAgent": " "}""", "crm.userAgent", "printable ASCII")]
    [InlineData("""{"url": "https://e.com", "userAgent": "zz\r\nEvil: zz"}""", "crm.userAgent", "line break")]
    [InlineData("""{"url": "https://e.com", "userAgent": "zz\u00e9"}""", "crm.userAgent", "printable ASCII")]
    [InlineData("""{"url": "https://e.com", "userAgent": "zz", "headers": {"user-agent": "zz"}}""", "crm.userAgent", "exclude")]
    [InlineData("""{"url": "https://e.com", "url": "https://zz"}""", "servers file", "twice")]
    public void Wrong_entry_is_named_with_what_is_allowed_and_not_quoted(string entry, string place, string allowed)
    {
        var errors = Assert.IsType<ServersFileOutcome.Invalid>(Parse($$$"""{"mcpServers": {"crm": {{{entry}}} }}""")).Errors;

        Assert.Contains(errors, e => e.Contains(place, StringComparison.Ordinal) && e.Contains(allowed, StringComparison.Ordinal));
        Assert.All(errors, e => Assert.DoesNotContain("zz", e, StringComparison.Ordinal));
    }

    [Fact]
    public void User_agent_is_executors_own_unless_the_server_has_one()
    {
        var catalog = Loaded("""
            {"mcpServers": {
              "crm": {"url": "https://e.com"},
              "picky": {"url": "https://e.com", "userAgent": "Mozilla/5.0 (compatible; ${HOST})"},
              "long": {"url": "https://e.com", "userAgent": "LONG"}
            }}
            """.Replace("LONG", new string('x', 256), StringComparison.Ordinal));

        Assert.Matches(@"^executor/\d+\.\d+\.\d+", catalog.Find(McpServerId.From("crm"))!.UserAgent);
        Assert.Equal("Mozilla/5.0 (compatible; crm.example.com)", catalog.Find(McpServerId.From("picky"))!.UserAgent);
        Assert.Equal(256, catalog.Find(McpServerId.From("long"))!.UserAgent.Length);
    }

    [Fact]
    public void All_errors_are_told_at_once()
    {
        var errors = Assert.IsType<ServersFileOutcome.Invalid>(Parse("""{"mcpServers": {"a": {}, "b": {"url": "x", "type": "sse"}, "": {}}, "other": 1}""")).Errors;

        Assert.Equal(5, errors.Count);
    }

    [Fact]
    public void Value_of_a_variable_is_not_expanded_again()
    {
        var text = """{"mcpServers": {"crm": {"url": "https://e.com", "headers": {"X": "${A}"}}}}""";
        var outcome = McpServersFile.Parse(Encoding.UTF8.GetBytes(text), name => name == "A" ? "${B}" : null);

        Assert.Equal("${B}", Assert.IsType<ServersFileOutcome.Loaded>(outcome).Catalog.Find(McpServerId.From("crm"))!.Headers["X"]);
    }

    private static IMcpServerCatalog Loaded(string text) => Assert.IsType<ServersFileOutcome.Loaded>(Parse(text)).Catalog;

    private static ServersFileOutcome Parse(string text) => McpServersFile.Parse(Encoding.UTF8.GetBytes(text), name => Environment.GetValueOrDefault(name));
}
