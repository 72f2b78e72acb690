using System.Text;
using Executor.Tests.Http.Fakes;
using Executor.Tests.Infrastructure;

namespace Executor.Tests.Http;

public sealed class CharsetTests : IAsyncLifetime
{
    private const string Body = """{"name":"r","steps":[{"id":"a","type":"mcp","mcpServerId":"crm","tool":"ü"}]}""";

    private FrontEnd _node = null!;

    public async Task InitializeAsync() => _node = await FrontEnd.StartAsync();

    public async Task DisposeAsync() => await _node.DisposeAsync();

    [Theory]
    [InlineData("application/json", 201)]
    [InlineData("Application/JSON", 201)]
    [InlineData("application/json;charset=utf-8", 201)]
    [InlineData("application/json; charset=\"UTF-8\"", 201)]
    [InlineData("application/json; CharSet=\"Utf-8\"", 201)]
    [InlineData("application/json; charset=\"utf\\-8\"", 201)]
    [InlineData("application/json; profile=x; charset=UTF-8", 201)]
    [InlineData("application/json; charset=utf8", 415)]
    [InlineData("application/json; charset=\"utf8\"", 415)]
    [InlineData("application/json; charset=", 415)]
    [InlineData("application/json; charset=\"\"", 415)]
    [InlineData("application/json; charset=iso-8859-1", 415)]
    [InlineData("application/json; charset=\"utf-16\"", 415)]
    [InlineData("application/json; charset='utf-8'", 415)]
    [InlineData("application/json; charset=utf-8; charset=latin1", 415)]
    [InlineData("application/json; charset=\"utf-8", 400)]
    [InlineData("text/json; charset=utf-8", 400)]
    public async Task Body_is_json_in_utf_8_however_that_is_spelled(string type, int status)
    {
        var body = Encoding.UTF8.GetBytes(Body);
        var head = $"POST /runs HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {TestTokens.For(42)}\r\nContent-Type: {type}\r\nContent-Length: {body.Length}\r\n\r\n";

        var answer = await RawHttp.AskAsync(_node.Address, [Encoding.Latin1.GetBytes(head), body]);

        Assert.True(status == answer.Status, $"{answer.Status} {answer.Body}");
        if (status == 415)
            Assert.Contains("urn:executor:problem:unsupported-charset", answer.Body, StringComparison.Ordinal);
    }
}
