using System.Net;
using System.Text;
using Executor.Tests.Http.Fakes;
using Executor.Tests.Infrastructure;

namespace Executor.Tests.Http;

/// <summary>Every POST takes a body; none of them may break on one.</summary>
public sealed class HostileBodyTests : IAsyncLifetime
{
    private static readonly string[] Posts = ["/mcp-oauth-credentials", "/runs", "/runs/01890a5d-ac96-774b-bcce-b302099a8057/trigger"];

    private FrontEnd _node = null!;

    public static TheoryData<string, string> Bodies()
    {
        var data = new TheoryData<string, string>();
        foreach (var path in Posts)
        {
            data.Add(path, "{ rt-SECRET");
            data.Add(path, "rt-SECRET");
            data.Add(path, "[\"rt-SECRET\"]");
            data.Add(path, "\"rt-SECRET\"");
            data.Add(path, "null");
            data.Add(path, "{\"x\":\"rt-SECRET\"} trailing");
            data.Add(path, "{\"x\":\"rt-SECRET\",\"x\":1}");
            data.Add(path, "{\"x\":\"rt-SECRET\\u0000\"}");
            data.Add(path, "{\"x\":\"rt-SECRET\\ud800\"}");
            data.Add(path, "{\"\\udc00\":\"rt-SECRET\"}");
            data.Add(path, "{\"x\":1e999}");
            data.Add(path, "{\"x\":NaN}");
            data.Add(path, "{\"x\":1,}");
            data.Add(path, "/* rt-SECRET */ {}" + "{}");
            data.Add(path, "\ufeff{\"x\":1}");
            data.Add(path, "{\"x\":" + new string('[', 64) + new string(']', 64) + "}");
            data.Add(path, new string('[', 100_000));
        }

        return data;
    }

    public static TheoryData<string> Paths() => new(Posts);

    public async Task InitializeAsync() => _node = await FrontEnd.StartAsync();

    public async Task DisposeAsync() => await _node.DisposeAsync();

    [Theory]
    [MemberData(nameof(Bodies))]
    public async Task Malformed_body_is_a_bad_request_that_quotes_nothing(string path, string body)
    {
        using var response = await _node.PostAsync(path, body);

        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        var text = await response.Content.ReadAsStringAsync();
        Assert.Contains("Invalid request body", text, StringComparison.Ordinal);
        Assert.DoesNotContain("SECRET", text + _node.Log.All, StringComparison.Ordinal);
        AssertNothingHappened();
    }

    [Theory]
    [MemberData(nameof(Paths))]
    public async Task Broken_utf8_is_a_bad_request(string path)
    {
        byte[] body = [.. "{\"x\":\""u8, 0xC3, 0x28, .. "\"}"u8];
        using var response = await _node.SendAsync(HttpMethod.Post, path, more: request =>
        {
            request.Content = new ByteArrayContent(body);
            request.Content.Headers.ContentType = new("application/json");
        });

        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        AssertNothingHappened();
    }

    [Theory]
    [InlineData("text/plain")]
    [InlineData("application/x-www-form-urlencoded")]
    [InlineData("application/json; charset=utf-16")]
    [InlineData("application/jsonx")]
    public async Task Other_content_type_is_a_bad_request(string type)
    {
        foreach (var path in Posts)
        {
            using var response = await _node.SendAsync(HttpMethod.Post, path, "{}", contentType: type);

            Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        }

        AssertNothingHappened();
    }

    [Theory]
    [MemberData(nameof(Paths))]
    public async Task Body_over_the_limit_is_too_large(string path)
    {
        using var response = await _node.SendAsync(
            HttpMethod.Post, path, "\"" + new string('x', 1024 * 1024) + "\"", more: request => request.Headers.ExpectContinue = true);

        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, response.StatusCode);
        Assert.Equal("urn:executor:problem:body-too-large", (await response.JsonAsync()).Text("type"));
        AssertNothingHappened();
    }

    [Theory]
    [MemberData(nameof(Paths))]
    public async Task Chunked_body_over_the_limit_is_too_large(string path)
    {
        var head = Encoding.ASCII.GetBytes(
            $"POST {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {TestTokens.For(42)}\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n");
        var chunk = Encoding.ASCII.GetBytes("10000\r\n" + new string(' ', 0x10000) + "\r\n");

        var status = await RawHttp.StatusAsync(_node.Address, [head, .. Enumerable.Repeat(chunk, 17), "0\r\n\r\n"u8.ToArray()]);

        Assert.Equal(413, status);
        AssertNothingHappened();
    }

    [Fact]
    public async Task Body_of_exactly_the_limit_is_read()
    {
        var body = """{"mcpServerId":"crm","refreshToken":"rt","tokenEndpoint":"https://idp.example.com/token"}""".PadRight(1024 * 1024);

        using var response = await _node.PostAsync("/mcp-oauth-credentials", body);

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
    }

    private void AssertNothingHappened()
    {
        Assert.Empty(_node.Credentials.Deposits);
        Assert.Empty(_node.Runs.Started);
        Assert.Empty(_node.Runs.Actions);
    }
}
