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

    [Theory]
    [InlineData(LogLevel.Debug, 60)]
    [InlineData(LogLevel.Information, 0)]
    public async Task Reason_of_a_refusal_is_told_at_Debug_and_only_so_often_a_minute(LogLevel level, int told)
    {
        var time = new ManualTimeProvider();
        await using var node = await FrontEnd.StartAsync(time, level);

        for (var i = 0; i < 70; i++)
            using (await node.GetAsync("/runs", "garbage"))
            {
            }

        Assert.Equal(told, node.Log.Lines.Count(line => line.Text.Contains("Bearer token refused to GET: it is not three parts", StringComparison.Ordinal)));
        time.Advance(TimeSpan.FromMinutes(1));
        using (await node.GetAsync("/runs", "garbage"))
        {
        }

        Assert.Equal(level == LogLevel.Debug, node.Log.All.Contains("10 more bearer tokens were refused", StringComparison.Ordinal));
        Assert.DoesNotContain(node.Log.Lines, line => line.Text.StartsWith("Executor.Http.Authentication", StringComparison.Ordinal));
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

    public static TheoryData<string, string, string> Refusals()
    {
        var (past, later) = (TestTokens.InSeconds(TimeSpan.FromMinutes(-2)), TestTokens.InSeconds(TimeSpan.FromHours(1)));
        var good = $$"""{"id":42,"exp":{{later}}}""";
        return new()
        {
            { TestTokens.Mint($$"""{"id":42,"exp":{{past}}}"""), "expired", "it has expired" },
            { TestTokens.Mint($$"""{"id":42,"exp":{{later}},"nbf":{{later}}}"""), "not yet valid", "nbf or iat" },
            { TestTokens.Mint($$"""{"id":42,"exp":{{later}},"iat":{{later}}}"""), "not yet valid", "nbf or iat" },
            { TestTokens.Mint(good, secret: "another-secret-of-the-same-or-more-length"), "signature", "another key" },
            { TestTokens.Mint($$"""{"id":42,"exp":{{past}}}""", secret: "another-secret-of-the-same-or-more-length"), "signature", "another key" },
            { TestTokens.MintHs512(good), "signature", "algorithm" },
            { TestTokens.MintRs256(good), "signature", "algorithm" },
            { TestTokens.WithoutSignature(good), "signature", "algorithm" },
            { TestTokens.Mint(good, """{"alg":"HS256","crit":["x"],"x":1}"""), "signature", "extension" },
            { "garbage", "malformed", "three parts" },
            { "a.b.c", "malformed", "three parts" },
            { TestTokens.Mint("[]"), "malformed", "three parts" },
            { new string('a', 20_000), "malformed", "too long" },
            { TestTokens.Mint("""{"id":42}"""), "claims", "its exp" },
            { TestTokens.Mint("""{"id":42,"exp":"never"}"""), "claims", "its exp" },
            { TestTokens.Mint($$"""{"id":42,"exp":{{later}},"nbf":"0"}"""), "claims", "nbf or iat" },
            { TestTokens.Mint($$"""{"id":42,"exp":{{later}},"iat":null}"""), "claims", "nbf or iat" },
            { TestTokens.Mint($$"""{"exp":{{later}}}"""), "claims", "names no user" },
            { TestTokens.WithId("-1"), "claims", "names no user" },
        };
    }

    [Theory]
    [MemberData(nameof(Refusals))]
    public async Task Refused_token_is_told_coarsely_and_logged_with_its_reason(string token, string description, string reason)
    {
        using var response = await _node.GetAsync("/runs", token);
        using var byCookie = await Cookie(HttpMethod.Get, "/runs", token, _ => { });

        foreach (var refused in new[] { response, byCookie })
        {
            Assert.Equal(HttpStatusCode.Unauthorized, refused.StatusCode);
            Assert.Equal($"Bearer error=\"invalid_token\", error_description=\"{description}\"", Assert.Single(refused.Headers.GetValues("WWW-Authenticate")));
        }

        Assert.Equal(2, _node.Log.Lines.Count(line => line.Level == LogLevel.Debug && line.Text.Contains("token refused", StringComparison.Ordinal) && line.Text.Contains(reason, StringComparison.Ordinal)));
        Assert.DoesNotContain(token, _node.Log.All, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("Basic eDp5")]
    public async Task Challenge_where_no_token_was_sent_has_no_error(string? authorization)
    {
        using var response = await _node.SendAsync(HttpMethod.Get, "/runs", token: null, more: request =>
        {
            if (authorization is not null)
                request.Headers.TryAddWithoutValidation("Authorization", authorization);
        });

        Assert.Equal("Bearer", Assert.Single(response.Headers.GetValues("WWW-Authenticate")));
    }

    [Fact]
    public async Task Token_sent_twice_is_refused_as_malformed()
    {
        var answer = await RawHttp.AskAsync(_node.Address, [System.Text.Encoding.ASCII.GetBytes(
            $"GET /runs HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {TestTokens.For(42)}\r\nAuthorization: Bearer {TestTokens.For(42)}\r\n\r\n")]);

        Assert.Equal(401, answer.Status);
        Assert.Contains("error_description=\"malformed\"", answer.Head, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("exp", -59, true)]
    [InlineData("exp", -60, false)]
    [InlineData("nbf", 60, true)]
    [InlineData("nbf", 61, false)]
    [InlineData("iat", 60, true)]
    [InlineData("iat", 61, false)]
    public async Task Time_in_a_token_is_read_with_a_minute_of_leeway(string claim, int seconds, bool accepted)
    {
        var now = DateTimeOffset.FromUnixTimeSeconds(2_000_000_000);
        await using var node = await FrontEnd.StartAsync(new ManualTimeProvider(now));
        var time = now.ToUnixTimeSeconds() + seconds;
        var exp = claim == "exp" ? "" : $",\"exp\":{now.ToUnixTimeSeconds() + 600}";

        using var response = await node.GetAsync("/runs", TestTokens.Mint($$"""{"id":42,"{{claim}}":{{time}}{{exp}}}"""));

        Assert.Equal(accepted ? HttpStatusCode.OK : HttpStatusCode.Unauthorized, response.StatusCode);
    }

    [Fact]
    public async Task Token_that_is_known_already_has_the_same_leeway_and_no_more()
    {
        var now = DateTimeOffset.FromUnixTimeSeconds(2_000_000_000);
        var time = new ManualTimeProvider(now);
        await using var node = await FrontEnd.StartAsync(time);
        var token = TestTokens.Mint($$"""{"id":42,"exp":{{now.ToUnixTimeSeconds() + 10}}}""");
        var answers = new List<HttpStatusCode>();
        foreach (var seconds in new[] { 0, 69, 1 })
        {
            time.Advance(TimeSpan.FromSeconds(seconds));
            using var response = await node.GetAsync("/runs", token);
            answers.Add(response.StatusCode);
        }

        Assert.Equal([HttpStatusCode.OK, HttpStatusCode.OK, HttpStatusCode.Unauthorized], answers);
    }

    [Theory]
    [InlineData("253402300799")]
    [InlineData("253402300799.9")]
    public async Task Token_that_lasts_for_ever_does_not_overflow(string exp)
    {
        using var response = await _node.GetAsync("/runs", TestTokens.Mint($$"""{"id":42,"exp":{{exp}}}"""));

        Assert.NotEqual(HttpStatusCode.InternalServerError, response.StatusCode);
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
