using System.Net;
using System.Text.Json.Nodes;
using Executor.Credentials;
using Executor.Tests.Http.Fakes;
using Executor.Tests.Infrastructure;

namespace Executor.Tests.Http;

public sealed class DepositTests : IAsyncLifetime
{
    private FrontEnd _node = null!;

    public static TheoryData<string, string, string> Invalid()
    {
        var long255 = new string('x', 256);
        return new()
        {
            { "mcpServerId", "remove", "mcpServerId: is required" },
            { "refreshToken", "remove", "refreshToken: is required" },
            { "tokenEndpoint", "remove", "tokenEndpoint: is required" },
            { "userId", "7", "'userId'" },
            { "user_id", "7", "'user_id'" },
            { "refreshToken", "12345", "refreshToken: must be a string" },
            { "refreshToken", "\"\"", "refreshToken: must have 1 to" },
            { "refreshToken", $"\"{new string('r', 16 * 1024 + 1)}\"", "refreshToken: must have 1 to 16384" },
            { "refreshToken", "\"a\\nb\"", "refreshToken: must not contain control characters" },
            { "clientSecret", "\"\"", "clientSecret: must have 1 to" },
            { "clientSecret", "\"s\"", "clientId: is required" },
            { "clientId", "\"\"", "clientId: must have 1 to 255" },
            { "clientId", $"\"{long255}\"", "clientId: must have 1 to 255" },
            { "clientId", "null", "clientId: must be a string" },
            { "clientSecret", "null", "clientSecret: must be a string" },
            { "scopes", "null", "scopes: must be a string" },
            { "tokenEndpointAuthMethod", "\"private_key_jwt\"", "tokenEndpointAuthMethod: must be 'client_secret_basic'" },
            { "tokenEndpointAuthMethod", "\"None\"", "tokenEndpointAuthMethod: must be" },
            { "tokenEndpointAuthMethod", "null", "tokenEndpointAuthMethod: must be" },
            { "clientSecretExpiresAt", "\"not-a-date\"", "clientSecretExpiresAt: must be an ISO 8601" },
            { "clientSecretExpiresAt", "\"1\"", "clientSecretExpiresAt: must be an ISO 8601" },
            { "clientSecretExpiresAt", "\"01/02/2040\"", "clientSecretExpiresAt: must be an ISO 8601" },
            { "clientSecretExpiresAt", "1893456000", "clientSecretExpiresAt: must be a string" },
            { "clientSecretExpiresAt", "\"2020-01-01T00:00:00Z\"", "clientSecretExpiresAt: is in the past" },
            { "mcpServerId", $"\"{long255}\"", "mcpServerId: must have 1 to 255" },
            { "mcpServerId", "\"a\\u0007\"", "mcpServerId: must not contain control characters" },
            { "tokenEndpoint", $"\"https://idp.example.com/{new string('x', 2048)}\"", "tokenEndpoint: must have 1 to 2048" },
            { "scopes", $"\"{new string('x', 2049)}\"", "scopes: must have 0 to 2048" },
        };
    }

    public async Task InitializeAsync() => _node = await FrontEnd.StartAsync();

    public async Task DisposeAsync() => await _node.DisposeAsync();

    [Fact]
    public async Task Valid_deposit_is_stored_for_the_user_of_the_token()
    {
        using var response = await _node.PostAsync("/mcp-oauth-credentials", Valid().ToJsonString());

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal("""{"stored":true}""", await response.Content.ReadAsStringAsync());
        var (key, deposit) = Assert.Single(_node.Credentials.Deposits);
        Assert.Equal((FrontEnd.User, "crm"), (key.User.Value, key.Server.Value));
        Assert.Equal(new Deposit(new RefreshToken("rt-SECRET"), "https://idp.example.com/token"), deposit);
    }

    [Theory]
    [InlineData("client_secret_basic", ClientAuthMethod.Basic)]
    [InlineData("client_secret_post", ClientAuthMethod.Post)]
    [InlineData("none", ClientAuthMethod.None)]
    public async Task Every_method_is_accepted(string method, ClientAuthMethod expected)
    {
        var body = Valid();
        body["tokenEndpointAuthMethod"] = method;
        if (expected != ClientAuthMethod.None)
            (body["clientId"], body["clientSecret"], body["clientSecretExpiresAt"], body["scopes"]) = ("client", "cs", "2100-01-01", "");

        using var response = await _node.PostAsync("/mcp-oauth-credentials", body.ToJsonString());

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        var deposit = Assert.Single(_node.Credentials.Deposits).Deposit;
        Assert.Equal(expected, deposit.AuthMethod);
        Assert.Equal(expected == ClientAuthMethod.None ? null : new ClientSecret("cs"), deposit.ClientSecret);
    }

    [Theory]
    [MemberData(nameof(Invalid))]
    public async Task Invalid_member_is_refused_by_name_and_nothing_is_stored(string member, string value, string message)
    {
        var body = Valid();
        body.Remove(member);
        if (value != "remove")
            body[member] = JsonNode.Parse(value);

        using var response = await _node.PostAsync("/mcp-oauth-credentials", body.ToJsonString());

        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        var problem = await response.JsonAsync();
        Assert.StartsWith("Invalid request body — ", problem.Text("error"), StringComparison.Ordinal);
        Assert.Contains(message, problem.Text("error"), StringComparison.Ordinal);
        Assert.Equal("urn:executor:problem:invalid-request", problem.Text("type"));
        Assert.DoesNotContain("rt-SECRET", problem.GetRawText(), StringComparison.Ordinal);
        Assert.Empty(_node.Credentials.Deposits);
    }

    [Fact]
    public async Task All_mistakes_are_named_at_once()
    {
        using var response = await _node.PostAsync("/mcp-oauth-credentials", """{"refreshToken":1,"clientSecret":"s","nonsense":true}""");

        var error = (await response.JsonAsync()).Text("error");
        foreach (var part in new[] { "mcpServerId: is required", "refreshToken: must be", "tokenEndpoint: is required", "clientId: is required", "'nonsense'" })
            Assert.Contains(part, error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Secret_goes_with_a_method_that_sends_it()
    {
        var body = Valid();
        (body["clientId"], body["clientSecret"], body["tokenEndpointAuthMethod"]) = ("client", "cs", "none");

        using var response = await _node.PostAsync("/mcp-oauth-credentials", body.ToJsonString());

        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        Assert.Contains("tokenEndpointAuthMethod: 'none'", (await response.JsonAsync()).Text("error"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Refused_endpoint_is_a_bad_request_with_the_reason()
    {
        _node.Credentials.OnDeposit = () => new DepositOutcome.EndpointRefused("the address is not allowed");

        using var response = await _node.PostAsync("/mcp-oauth-credentials", Valid().ToJsonString());

        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        Assert.Equal("Invalid request body — tokenEndpoint: the address is not allowed", (await response.JsonAsync()).Text("error"));
    }

    [Fact]
    public async Task Missing_key_is_typed_and_comes_after_validation()
    {
        _node.Credentials.OnDeposit = () => new DepositOutcome.EncryptionKeyMissing();

        using var valid = await _node.PostAsync("/mcp-oauth-credentials", Valid().ToJsonString());
        using var invalid = await _node.PostAsync("/mcp-oauth-credentials", "{}");

        Assert.Equal(HttpStatusCode.ServiceUnavailable, valid.StatusCode);
        var problem = await valid.JsonAsync();
        Assert.Equal("executor_encryption_key_missing", problem.Text("code"));
        Assert.Null(problem.Text("error"));
        Assert.Equal(HttpStatusCode.BadRequest, invalid.StatusCode);
    }

    [Fact]
    public async Task User_with_too_many_credentials_is_told_so()
    {
        _node.Credentials.OnDeposit = () => new DepositOutcome.TooMany(3);

        using var response = await _node.PostAsync("/mcp-oauth-credentials", Valid().ToJsonString());

        Assert.Equal(HttpStatusCode.Conflict, response.StatusCode);
    }

    [Fact]
    public async Task Store_that_is_away_says_when_to_retry()
    {
        _node.Credentials.OnDeposit = () => throw new StoreUnavailableException();

        using var response = await _node.PostAsync("/mcp-oauth-credentials", Valid().ToJsonString());

        Assert.Equal(HttpStatusCode.ServiceUnavailable, response.StatusCode);
        Assert.NotNull(response.Headers.RetryAfter);
        Assert.Equal("urn:executor:problem:store-unavailable", (await response.JsonAsync()).Text("type"));
    }

    [Theory]
    [InlineData("crm")]
    [InlineData("a/b")]
    [InlineData("a%2Fb")]
    [InlineData("100%")]
    [InlineData("bücher/日本語")]
    [InlineData("a b+c?d#e&f=g")]
    [InlineData("%25")]
    [InlineData("\U0001F600")]
    [InlineData("/leading/and/trailing/")]
    public async Task Odd_identifier_survives_deposit_and_deletion(string id)
    {
        var body = Valid();
        body["mcpServerId"] = id;
        using var deposited = await _node.PostAsync("/mcp-oauth-credentials", body.ToJsonString());
        using var deleted = await _node.SendAsync(HttpMethod.Delete, "/mcp-oauth-credentials/" + Uri.EscapeDataString(id));

        Assert.Equal(HttpStatusCode.OK, deposited.StatusCode);
        Assert.Equal(HttpStatusCode.NoContent, deleted.StatusCode);
        Assert.Equal("", await deleted.Content.ReadAsStringAsync());
        Assert.Equal(id, Assert.Single(_node.Credentials.Deposits).Key.Server.Value);
        Assert.Equal(id, Assert.Single(_node.Credentials.Deletions).Server.Value);
    }

    [Fact]
    public async Task Unencoded_slash_belongs_to_the_identifier()
    {
        using var deleted = await _node.SendAsync(HttpMethod.Delete, "/mcp-oauth-credentials/a/b");

        Assert.Equal("a/b", Assert.Single(_node.Credentials.Deletions).Server.Value);
        Assert.Equal(HttpStatusCode.NoContent, deleted.StatusCode);
    }

    [Theory]
    [InlineData("%FF")]
    [InlineData("%00")]
    [InlineData("a%0Ab")]
    [InlineData("%ED%A0%80")]
    public async Task Identifier_that_is_no_text_is_refused(string escaped)
    {
        var answer = await RawHttp.StatusAsync(
            _node.Address, $"DELETE /mcp-oauth-credentials/{escaped} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {TestTokens.For(42)}\r\nConnection: close\r\n\r\n");

        Assert.Equal(400, answer);
        Assert.Empty(_node.Credentials.Deletions);
    }

    [Fact]
    public async Task Deletion_addresses_only_the_callers_row()
    {
        using var deleted = await _node.SendAsync(HttpMethod.Delete, "/mcp-oauth-credentials/crm", token: TestTokens.For(7));

        Assert.Equal(7, Assert.Single(_node.Credentials.Deletions).User.Value);
        Assert.Equal(HttpStatusCode.NoContent, deleted.StatusCode);
    }

    private static JsonObject Valid() => new()
    {
        ["mcpServerId"] = "crm",
        ["refreshToken"] = "rt-SECRET",
        ["tokenEndpoint"] = "https://idp.example.com/token",
    };
}
