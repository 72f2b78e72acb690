using System.Text;
using System.Text.Json;
using Executor.Credentials;
using Executor.Servers;

namespace Executor.Tests.Mcp;

/// <summary>An answer that came is a result, however it was wrapped, and whatever of it can be kept is kept.</summary>
public sealed class McpAnswerTests
{
    private const string Good = """{"jsonrpc":"2.0","id":{id},"result":{"content":[{"type":"text","text":"grüße"}]}}""";

    private static readonly AccessToken Token = new("token");

    private static readonly Dictionary<string, ServerAnswer> Wrappings = new(StringComparer.Ordinal)
    {
        ["type in capitals"] = new(200, Good, "Application/JSON"),
        ["charset without a hyphen"] = new(200, Good, "application/json; charset=utf8"),
        ["charset in quotes"] = new(200, Good, "application/json; charset=\"UTF-8\""),
        ["charset that is not true"] = new(200, Good, "application/json; charset=iso-8859-1"),
        ["charset that is true"] = new(200, Good, "application/json; charset=iso-8859-1") { Encoding = Encoding.Latin1 },
        ["UTF-16"] = new(200, "\uFEFF" + Good, "application/json; charset=utf-16") { Encoding = Encoding.Unicode },
        ["BOM"] = new(200, "\uFEFF" + Good),
        ["no type"] = new(200, Good, null),
        ["another type"] = new(200, Good, "text/html"),
        ["a type that is none"] = new(200, Good, "json"),
        ["problem of a type"] = new(200, Good, "application/vnd.api+json"),
        ["blank lines before"] = new(200, "\r\n\r\n" + Good + "\r\n"),
        ["201"] = new(201, Good),
        ["JSON called an event stream"] = new(200, Good, "text/event-stream"),
        ["event stream called JSON"] = new(200, "data: " + Good + "\n\n"),
        ["event stream"] = new(200, "event: message\nid: 1\ndata: " + Good + "\n\n", "text/event-stream; charset=utf8"),
        ["event stream in capitals"] = new(200, "data: " + Good + "\n\n", "TEXT/EVENT-STREAM"),
        ["event stream with CR LF"] = new(200, ": hello\r\n\r\nevent: message\r\ndata: " + Good + "\r\n\r\n", "text/event-stream"),
        ["event stream with CR"] = new(200, "event: message\rdata: " + Good + "\r\r", "text/event-stream"),
        ["event stream without a space"] = new(200, "data:" + Good + "\n\n", "text/event-stream"),
        ["event stream in lines"] = new(200, "data: " + Good.Replace(",", ",\ndata: ", StringComparison.Ordinal) + "\n\n", "text/event-stream"),
        ["event stream without an end"] = new(200, "data: " + Good, "text/event-stream"),
        ["event stream with a BOM"] = new(200, "\uFEFFdata: " + Good + "\n\n", "text/event-stream"),
        ["event stream with others' messages"] = new(200, "id: 7\ndata:\n\ndata: nonsense\n\ndata: {\"jsonrpc\":\"2.0\",\"method\":\"notifications/message\",\"params\":{}}\n\ndata: " + Good + "\n\n", "text/event-stream"),
        ["id as a text"] = new(200, Good.Replace("{id}", "\"{id}\"", StringComparison.Ordinal)),
        ["id with a point"] = new(200, Good.Replace("{id}", "{id}.0", StringComparison.Ordinal)),
        ["id that is null"] = new(200, Good.Replace("{id}", "null", StringComparison.Ordinal)),
        ["no version"] = new(200, Good.Replace("\"jsonrpc\":\"2.0\",", "", StringComparison.Ordinal)),
        ["error that is null"] = new(200, Good.Replace("\"result\"", "\"error\":null,\"result\"", StringComparison.Ordinal)),
        ["members that nobody knows"] = new(200, Good.Replace("\"result\"", "\"x\":[{}],\"meta\":{\"y\":1},\"result\"", StringComparison.Ordinal)),
        ["members twice"] = new(200, Good.Replace("\"result\"", "\"jsonrpc\":\"2.0\",\"result\"", StringComparison.Ordinal)),
        ["batch"] = new(200, "[{\"jsonrpc\":\"2.0\",\"method\":\"notifications/message\"}," + Good + "]"),
    };

    /// <summary>By name: what the tool's text is in JSON, what is kept of it, and what is said about it.</summary>
    private static readonly Dictionary<string, (byte[] Text, string Kept, string? Said)> Texts = new(StringComparer.Ordinal)
    {
        ["half a pair"] = (Ascii(@"""a\ud800b"""), "a\uFFFDb", "text"),
        ["half a pair at the end"] = (Ascii(@"""a\uDC00"""), "a\uFFFD", "text"),
        ["pair the wrong way round"] = (Ascii(@"""\udc00\ud800"""), "\uFFFD\uFFFD", "text"),
        ["whole pair"] = (Ascii(@"""\ud83d\ude00"""), "😀", null),
        ["backslashes"] = (Ascii(@"""\\ud800"""), @"\ud800", null),
        ["bytes that are no UTF-8"] = ([(byte)'"', 0xE9, 0xFF, (byte)'"'], "\uFFFD\uFFFD", "text"),
        ["raw control characters"] = ([(byte)'"', (byte)'a', 0, (byte)'\n', (byte)'"'], "a\0\n", "text"),
        ["NUL"] = (Ascii(@"""a\u0000b"""), "a\0b", null),
    };

    public static TheoryData<string> WrappingNames => new(Wrappings.Keys);

    public static TheoryData<string> TextNames => new(Texts.Keys);

    [Theory]
    [MemberData(nameof(WrappingNames))]
    public async Task Result_is_read_however_it_is_wrapped(string name)
    {
        await using var server = await HandshakeServer.StartAsync();
        await using var mcp = new McpHarness();
        server.Calls.Enqueue(Wrappings[name]);

        var result = await mcp.CallAsync(McpHarness.Server(server.Url), Token, McpHarness.Call("any"));

        Assert.Equal("grüße", result.Result.GetProperty("content")[0].GetProperty("text").GetString());
        Assert.False(result.Result.TryGetProperty("_meta", out _));
        Assert.Equal(1, server.Runs);
    }

    [Theory]
    [MemberData(nameof(TextNames))]
    public async Task Text_is_kept_where_it_is_one_and_replaced_where_it_is_none(string name)
    {
        var (text, kept, said) = Texts[name];
        await using var server = await HandshakeServer.StartAsync();
        await using var mcp = new McpHarness();
        server.Gate = (_, message) => message["method"]?.ToString() != "tools/call" ? null : new ServerAnswer(200)
        {
            Bytes = [.. Ascii($$"""{"jsonrpc":"2.0","id":{{message["id"]}},"result":{"content":[],"_meta":{"own":1},"text":"""), .. text, .. Ascii("}}")],
        };

        var result = (await mcp.CallAsync(McpHarness.Server(server.Url), Token, McpHarness.Call("any"))).Result;

        Assert.Equal(kept, result.GetProperty("text").GetString());
        Assert.Equal(1, result.GetProperty("_meta").GetProperty("own").GetInt32());
        Assert.Equal(said, Said(result));
    }

    [Theory]
    [InlineData(65, null)]
    [InlineData(82, null)]
    [InlineData(400, null)]
    [InlineData(5000, "nesting")]
    [InlineData(200_000, "nesting")]
    public async Task Nesting_is_kept_within_bounds(int depth, string? said)
    {
        await using var server = await HandshakeServer.StartAsync();
        await using var mcp = new McpHarness();
        server.Calls.Enqueue(ServerAnswer.Result($$"""{"content":[],"deep":{{new string('[', depth)}}"leaf"{{new string(']', depth)}},"after":1}"""));

        var result = (await mcp.CallAsync(McpHarness.Server(server.Url), Token, McpHarness.Call("any"))).Result;

        Assert.Equal(1, result.GetProperty("after").GetInt32());
        Assert.Equal(said is null, result.GetRawText().Contains("leaf", StringComparison.Ordinal));
        Assert.Equal(said, Said(result));
    }

    [Theory]
    [InlineData("NaN", "null", "numbers")]
    [InlineData("-Infinity", "null", "numbers")]
    [InlineData("1e999", "1e999", null)]
    [InlineData("123456789012345678901234567890.5", "123456789012345678901234567890.5", null)]
    public async Task Number_is_kept_where_JSON_has_it(string number, string kept, string? said)
    {
        await using var server = await HandshakeServer.StartAsync();
        await using var mcp = new McpHarness();
        server.Calls.Enqueue(ServerAnswer.Result($$$"""{"content":[{"type":"text","text":"NaN"}],"isError":false,"isError":false,"structuredContent":{"n":{{{number}}}}}"""));

        var result = (await mcp.CallAsync(McpHarness.Server(server.Url), Token, McpHarness.Call("any"))).Result;

        Assert.Equal(kept, result.GetProperty("structuredContent").GetProperty("n").GetRawText());
        Assert.Equal("NaN", result.GetProperty("content")[0].GetProperty("text").GetString());
        Assert.Equal(said, Said(result));
    }

    [Fact]
    public async Task Listing_is_read_as_a_call_is()
    {
        await using var server = await HandshakeServer.StartAsync();
        await using var mcp = new McpHarness();
        server.Gate = (_, message) => message["method"]?.ToString() != "tools/list" ? null : new ServerAnswer(
            200, """{"jsonrpc":"2.0","id":"{id}","result":{"tools":[{"name":"any","description":"\ud800","inputSchema":{"type":"object"}}]}}""", "Application/JSON; charset=utf8");

        Assert.Equal("any", Assert.Single(await mcp.ListAsync(McpHarness.Server(server.Url), Token)).Name);
    }

    [Theory]
    [InlineData("{ nonsense")]
    [InlineData("{\"jsonrpc\":\"2.0\",\"id\":{id},\"result\":{\"content\":[")]
    [InlineData("[]")]
    [InlineData("\"text\"")]
    public async Task What_is_no_answer_leaves_the_outcome_unknown(string body)
    {
        await using var server = await HandshakeServer.StartAsync();
        await using var mcp = new McpHarness();
        server.Calls.Enqueue(new ServerAnswer(200, body));

        var failure = await mcp.FailAsync(McpHarness.Server(server.Url), Token, McpHarness.Call("any"));

        Assert.Equal((McpFailureCodes.ProtocolError, McpEffect.Unknown), (failure.Code, failure.Effect));
    }

    [Theory]
    [InlineData("<br />\nWarning: deprecated in <b>tool.php</b>")]
    [InlineData("}")]
    [InlineData("{\"jsonrpc\":\"2.0\",")]
    [InlineData("\0\0")]
    public async Task What_stands_behind_an_answer_is_left_away_and_said(string rest)
    {
        await using var server = await HandshakeServer.StartAsync();
        await using var mcp = new McpHarness();
        server.Calls.Enqueue(new ServerAnswer(200, Good + rest));

        var result = (await mcp.CallAsync(McpHarness.Server(server.Url), Token, McpHarness.Call("any"))).Result;

        Assert.Equal("grüße", result.GetProperty("content")[0].GetProperty("text").GetString());
        Assert.Equal("rest", Said(result));
    }

    [Theory]
    [InlineData("""{"jsonrpc":"2.0","id":null,"result":{"content":[]}}<br />""")]
    [InlineData("""{"jsonrpc":"2.0","result":{"content":[]}}<br />""")]
    [InlineData("""{"jsonrpc":"2.0","id":7,"result":{"content":[]}}<br />""")]
    [InlineData("""{"jsonrpc":"2.0","id":{id},"result":{"content":[]}<br />""")]
    public async Task What_is_no_JSON_as_a_whole_must_name_the_call(string body)
    {
        await using var server = await HandshakeServer.StartAsync();
        await using var mcp = new McpHarness();
        server.Calls.Enqueue(new ServerAnswer(200, body));

        Assert.Equal(McpEffect.Unknown, (await mcp.FailAsync(McpHarness.Server(server.Url), Token, McpHarness.Call("any"))).Effect);
    }

    [Theory]
    [InlineData("[{answer},{error}]", "application/json")]
    [InlineData("data: {answer}\n\ndata: {error}\n\n", "text/event-stream")]
    public async Task First_of_two_answers_to_a_call_counts(string body, string type)
    {
        await using var server = await HandshakeServer.StartAsync();
        await using var mcp = new McpHarness();
        server.Calls.Enqueue(new ServerAnswer(
            200,
            body.Replace("{answer}", Good, StringComparison.Ordinal)
                .Replace("{error}", """{"jsonrpc":"2.0","id":{id},"error":{"code":-32601,"message":"x"}}""", StringComparison.Ordinal),
            type));

        var result = (await mcp.CallAsync(McpHarness.Server(server.Url), Token, McpHarness.Call("any"))).Result;

        Assert.Equal("grüße", result.GetProperty("content")[0].GetProperty("text").GetString());
    }

    [Theory]
    [InlineData("zstd")]
    [InlineData("gzip, gzip, gzip, gzip")]
    public async Task Answer_in_an_encoding_that_is_not_known_leaves_the_outcome_unknown(string encoding)
    {
        await using var server = await HandshakeServer.StartAsync();
        await using var mcp = new McpHarness();
        server.Calls.Enqueue(new ServerAnswer(200, Good) { Headers = [("Content-Encoding", encoding)] });

        var failure = await mcp.FailAsync(McpHarness.Server(server.Url), Token, McpHarness.Call("any"));

        Assert.Equal((McpFailureCodes.ProtocolError, McpEffect.Unknown), (failure.Code, failure.Effect));
    }

    private static byte[] Ascii(string text) => Encoding.ASCII.GetBytes(text);

    private static string? Said(JsonElement result) =>
        result.TryGetProperty("_meta", out var meta) && meta.TryGetProperty("executor/repaired", out var repairs)
            ? string.Join(",", repairs.EnumerateArray().Select(repair => repair.GetString()))
            : null;
}
