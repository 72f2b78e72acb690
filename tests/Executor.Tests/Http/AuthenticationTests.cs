using System.Net;
using Executor.Credentials;
using Executor.Tests.Http.Fakes;
using Executor.Tests.Infrastructure;
using Microsoft.Extensions.Logging;

namespace Executor.Tests.Http;

public sealed class AuthenticationTests : IAsyncLifetime
{
    private const string Body = """{"mcpServerId":"crm","refreshToken":"rt-secret","tokenEndpoint":"https://idp.example.com/token"}""";

    private FrontEnd _node = null!;

    public static TheoryData<string> BadIds() => new()
    {
        "true", "null", "0", "-1", "1.0", "1.5", "1e3", "\"0x10\"", "\"user-42\"", "\"\"", "\" 42\"", "\"42 \"", "\"+42\"", "\"-1\"", "\"0\"", "\"1.0\"", "\"042\"", "\"42\\u0000\"",
        "[5]", "{}", "9223372036854775808", "\"9223372036854775808\"", "\"٤٢\"", "\"\\ud800\"",
    };

    public async Task InitializeAsync() => _node = await FrontEnd.StartAsync();

    public async Task DisposeAsync() => await _node.DisposeAsync();

    [Fact]
    public async Task Request_with_a_bad_token_is_refused_with_a_challenge_and_reaches_nothing()
    {
        using var response = await _node.PostAsync("/mcp-oauth-credentials", Body, "garbage");

        Assert.Equal(HttpStatusCode.Unauthorized, response.StatusCode);
        Assert.Equal("Unauthorized", (await response.JsonAsync()).Text("error"));
        Assert.Equal("Bearer", response.Headers.WwwAuthenticate.Single().Scheme);
        Assert.NotEmpty(response.Headers.GetValues("X-Executor-Version").Single());
        Assert.Empty(_node.Credentials.Deposits);
    }

    [Theory]
    [MemberData(nameof(BadIds))]
    public async Task Id_that_is_no_positive_integer_is_refused_and_logged_without_its_value(string id)
    {
        using var response = await _node.PostAsync("/mcp-oauth-credentials", Body, TestTokens.WithId(id));

        Assert.Equal(HttpStatusCode.Unauthorized, response.StatusCode);
        Assert.Equal("Unauthorized", (await response.JsonAsync()).Text("error"));
        var line = Assert.Single(_node.Log.Lines, line => line.Level == LogLevel.Warning && line.Text.Contains("invalid claims", StringComparison.Ordinal));
        Assert.Matches(@"Bearer token has invalid claims: POST, claim id, (invalid_type|invalid_value) \[Method, POST\] \[Claim, id\] \[Code, \1\] \[{OriginalFormat}, [^]]*\] $", line.Text);
        Assert.Empty(_node.Credentials.Deposits);
    }

    [Fact]
    public async Task Token_without_an_id_is_refused()
    {
        using var response = await _node.GetAsync("/runs", TestTokens.Mint($$"""{"exp":{{TestTokens.InSeconds(TimeSpan.FromHours(1))}}}"""));

        Assert.Equal(HttpStatusCode.Unauthorized, response.StatusCode);
    }

    [Theory]
    [InlineData("42", 42)]
    [InlineData("\"245\"", 245)]
    [InlineData("9223372036854775807", long.MaxValue)]
    [InlineData("\"9223372036854775807\"", long.MaxValue)]
    public async Task Id_as_integer_or_digits_names_the_user(string id, long user)
    {
        using var response = await _node.PostAsync("/mcp-oauth-credentials", Body, TestTokens.WithId(id));

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal(user, Assert.Single(_node.Credentials.Deposits).Key.User.Value);
    }

    [Fact]
    public async Task Extra_claims_are_accepted()
    {
        var token = TestTokens.Mint($$"""{"id":42,"exp":{{TestTokens.InSeconds(TimeSpan.FromHours(1))}},"nbf":0,"email":"a@b","roles":["x",{"y":1}]}""");

        using var response = await _node.GetAsync("/runs", token);

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
    }

    [Fact]
    public async Task Missing_token_is_refused_before_the_body_is_read()
    {
        using var response = await _node.PostAsync("/mcp-oauth-credentials", "{ not json rt-SECRET", token: null);

        Assert.Equal(HttpStatusCode.Unauthorized, response.StatusCode);
        Assert.DoesNotContain("SECRET", await response.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Unknown_path_is_unauthorized_without_a_token_and_not_found_with_one()
    {
        using var without = await _node.GetAsync("/nowhere", token: null);
        using var with = await _node.GetAsync("/nowhere");

        Assert.Equal(HttpStatusCode.Unauthorized, without.StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, with.StatusCode);
        Assert.Equal("application/problem+json", with.Content.Headers.ContentType?.MediaType);
    }

    [Fact]
    public async Task Wrong_method_on_a_known_path_names_the_allowed_ones()
    {
        using var without = await _node.SendAsync(HttpMethod.Put, "/mcp-oauth-credentials", "{}", token: null);
        using var with = await _node.SendAsync(HttpMethod.Put, "/mcp-oauth-credentials", "{}");

        Assert.Equal(HttpStatusCode.Unauthorized, without.StatusCode);
        Assert.Equal(HttpStatusCode.MethodNotAllowed, with.StatusCode);
        Assert.Contains("POST", with.Content.Headers.Allow);
        Assert.Equal("urn:executor:problem:method-not-allowed", (await with.JsonAsync()).Text("type"));
    }

    [Fact]
    public async Task Token_expires_although_it_was_accepted_before()
    {
        var time = new ManualTimeProvider(DateTimeOffset.UtcNow);
        await using var node = await FrontEnd.StartAsync(time);
        var token = TestTokens.For(42, TimeSpan.FromMinutes(5));

        using var before = await node.GetAsync("/runs", token);
        time.Advance(TimeSpan.FromMinutes(10));
        using var after = await node.GetAsync("/runs", token);

        Assert.Equal(HttpStatusCode.OK, before.StatusCode);
        Assert.Equal(HttpStatusCode.Unauthorized, after.StatusCode);
    }

    [Fact]
    public async Task Authorization_header_decides_over_the_cookie()
    {
        using var bad = await Cookie(HttpMethod.Get, "/runs", TestTokens.For(42), r => r.Headers.Authorization = new("Bearer", "garbage"));
        using var basic = await Cookie(HttpMethod.Get, "/runs", TestTokens.For(42), r => r.Headers.Authorization = new("Basic", "eDp5"));

        Assert.Equal(HttpStatusCode.Unauthorized, bad.StatusCode);
        Assert.Equal(HttpStatusCode.Unauthorized, basic.StatusCode);
    }

    [Theory]
    [InlineData("same-origin", null, 200)]
    [InlineData("none", null, 200)]
    [InlineData("same-site", null, 403)]
    [InlineData("cross-site", null, 403)]
    [InlineData("cross-site", "own", 403)]
    [InlineData(null, "own", 200)]
    [InlineData(null, "http://evil.example", 403)]
    [InlineData(null, "null", 403)]
    [InlineData(null, null, 403)]
    public async Task Deposit_by_cookie_must_be_same_origin(string? site, string? origin, int status)
    {
        using var response = await Cookie(HttpMethod.Post, "/mcp-oauth-credentials", TestTokens.For(42), request =>
        {
            request.Content = new StringContent(Body, null, "application/json");
            if (site is not null)
                request.Headers.Add("Sec-Fetch-Site", site);
            if (origin is not null)
                request.Headers.Add("Origin", origin == "own" ? _node.Address.GetLeftPart(UriPartial.Authority) : origin);
        });

        Assert.Equal(status, (int)response.StatusCode);
        Assert.Equal(status == 200 ? 1 : 0, _node.Credentials.Deposits.Count);
    }

    [Fact]
    public async Task Reading_by_cookie_needs_no_origin()
    {
        using var response = await Cookie(HttpMethod.Get, "/runs", TestTokens.For(42), _ => { });

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
    }

    [Fact]
    public async Task Cross_site_header_means_nothing_to_a_bearer_token()
    {
        using var response = await _node.SendAsync(
            HttpMethod.Post, "/mcp-oauth-credentials", Body, more: request => request.Headers.Add("Sec-Fetch-Site", "cross-site"));

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
    }

    [Fact]
    public async Task Neither_tokens_nor_the_secret_are_logged()
    {
        var token = TestTokens.For(42);
        _node.Credentials.OnDeposit = () => throw new InvalidOperationException("boom rt-secret");

        using var response = await _node.PostAsync("/mcp-oauth-credentials", Body, token);
        using var refused = await _node.PostAsync("/mcp-oauth-credentials", Body, token + "x");

        Assert.Equal(HttpStatusCode.InternalServerError, response.StatusCode);
        Assert.DoesNotContain("boom", await response.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        Assert.Contains("InvalidOperationException", _node.Log.All, StringComparison.Ordinal);
        Assert.DoesNotContain("rt-secret", _node.Log.All, StringComparison.Ordinal);
        Assert.DoesNotContain(TestTokens.Secret, _node.Log.All, StringComparison.Ordinal);
        Assert.DoesNotContain(token.Split('.')[2], _node.Log.All, StringComparison.Ordinal);
    }

    private Task<HttpResponseMessage> Cookie(HttpMethod method, string path, string token, Action<HttpRequestMessage> more) =>
        _node.SendAsync(method, path, token: null, more: request =>
        {
            request.Headers.Add("Cookie", $"other=1; forest_session_token={token}");
            more(request);
        });
}
