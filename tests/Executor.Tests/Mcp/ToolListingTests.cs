using System.Globalization;
using System.Text.Json;
using Executor.Credentials;
using Executor.Servers;

namespace Executor.Tests.Mcp;

public sealed class ToolListingTests
{
    private static readonly AccessToken Token = new("token");

    [Theory]
    [InlineData("7", LeftOutReasons.Malformed, null)]
    [InlineData("null", LeftOutReasons.Malformed, null)]
    [InlineData("[]", LeftOutReasons.Malformed, null)]
    [InlineData("{}", LeftOutReasons.NoName, null)]
    [InlineData("""{"inputSchema":{"type":"object"}}""", LeftOutReasons.NoName, null)]
    [InlineData("""{"name":7,"inputSchema":{}}""", LeftOutReasons.NoName, null)]
    [InlineData("""{"name":null,"inputSchema":{}}""", LeftOutReasons.NoName, null)]
    [InlineData("""{"name":"","inputSchema":{}}""", LeftOutReasons.NoName, null)]
    [InlineData("""{"name":"a\tb","inputSchema":{}}""", LeftOutReasons.UnusableName, null)]
    [InlineData("""{"name":"odd"}""", LeftOutReasons.NoInputSchema, "odd")]
    [InlineData("""{"name":"odd","inputSchema":"object"}""", LeftOutReasons.NoInputSchema, "odd")]
    [InlineData("""{"name":"odd","inputSchema":[]}""", LeftOutReasons.NoInputSchema, "odd")]
    [InlineData("""{"name":"odd","inputSchema":null}""", LeftOutReasons.NoInputSchema, "odd")]
    [InlineData("""{"name":"odd","name":"odder","inputSchema":{}}""", LeftOutReasons.Malformed, "odder")]
    [InlineData("""{"name":"first","inputSchema":{}}""", LeftOutReasons.Duplicate, "first")]
    public async Task Odd_tool_is_left_out_and_named_and_takes_no_other_away(string odd, string reason, string? name)
    {
        var list = await ListAsync($$$"""{"tools":[{"name":"first","inputSchema":{}},{{{odd}}},{"name":"last","inputSchema":{}}]}""");

        Assert.Equal(["first", "last"], list.Tools.Select(tool => tool.Name));
        Assert.Equal([new McpLeftOut(1, name, reason)], list.LeftOut);
    }

    [Theory]
    [InlineData(600_000)]
    [InlineData(5_000_000)]
    public async Task Tool_too_large_is_left_out(int length)
    {
        var description = new string('x', length);
        var list = await ListAsync($$$"""{"tools":[{"name":"huge","inputSchema":{},"description":"{{{description}}}"},{"name":"last","inputSchema":{}}]}""");

        Assert.Equal(["last"], list.Tools.Select(tool => tool.Name));
        Assert.Equal([new McpLeftOut(0, "huge", LeftOutReasons.TooLarge)], list.LeftOut);
    }

    [Theory]
    [InlineData(61, true)]
    [InlineData(62, false)]
    [InlineData(81, false)]
    [InlineData(400, false)]
    public async Task Tool_nested_too_deep_for_common_readers_is_left_out(int depth, bool isKept)
    {
        // The tool itself is a level.
        var schema = string.Concat(Enumerable.Repeat("{\"not\":", depth - 1)) + "{}" + new string('}', depth - 1);
        var list = await ListAsync($$$"""{"tools":[{"name":"deep","inputSchema":{{{schema}}}},{"name":"last","inputSchema":{}}]}""");

        Assert.Equal(isKept ? ["deep", "last"] : ["last"], list.Tools.Select(tool => tool.Name));
        Assert.Equal(isKept ? [] : [new McpLeftOut(0, "deep", LeftOutReasons.TooDeep)], list.LeftOut);

        // What is shown of it is read by whoever reads JSON at all.
        var body = JsonSerializer.Serialize(Executor.Http.Tools.ToolListBody.Of(list), Executor.Http.ExecutorJson.Wire.ToolListBody);
        using var read = JsonDocument.Parse(body);
        Assert.Equal(list.Tools.Count, read.RootElement.GetProperty("tools").GetArrayLength());
    }

    [Fact]
    public async Task Many_odd_tools_are_counted_and_not_all_named()
    {
        var odd = string.Join(',', Enumerable.Repeat("{}", 3_000));
        var list = await ListAsync($$$"""{"tools":[{{{odd}}},{"name":"last","inputSchema":{}}]}""");

        Assert.Equal("last", Assert.Single(list.Tools).Name);
        Assert.Equal((100, 2_900), (list.LeftOut.Count, list.MoreLeftOut));
    }

    [Fact]
    public async Task Tool_keeps_every_member_that_its_server_sent()
    {
        const string tool = """{"name":"a","title":"A","icons":[{"src":"x"}],"inputSchema":{},"outputSchema":{"type":"object"},"execution":{"taskSupport":"optional"},"_meta":{"x/y":1},"later":1.0}""";

        Assert.Equal(tool, Assert.Single((await ListAsync($$"""{"tools":[{{tool}}]}""")).Tools).Definition.GetRawText());
    }

    [Theory]
    [InlineData("a,a")]
    [InlineData("a,b,a")]
    [InlineData("a,b,c,b")]
    [InlineData("1,1")]
    public async Task Cursor_that_comes_again_ends_the_listing_and_is_told(string cursors)
    {
        var queue = new Queue<string>(cursors.Split(','));
        await using var raw = await RawServer.StartAsync((http, message) =>
            RawServer.ResultAsync(http, message, $$$"""{"tools":[],"nextCursor":{{{Cursor(queue.Dequeue())}}}}"""));
        await using var mcp = new McpHarness();

        var failure = await mcp.FailListAsync(McpHarness.Server(raw.Url), Token);

        Assert.Equal(McpFailureCodes.ProtocolError, failure.Code);
        Assert.Contains("again", failure.Message, StringComparison.Ordinal);
        Assert.Empty(queue);
    }

    [Theory]
    [InlineData("\"\"")]
    [InlineData("null")]
    public async Task Empty_cursor_is_the_end(string cursor)
    {
        var pages = 0;
        await using var raw = await RawServer.StartAsync((http, message) =>
        {
            pages++;
            return RawServer.ResultAsync(http, message, $$$"""{"tools":[{"name":"a","inputSchema":{}}],"nextCursor":{{{cursor}}}}""");
        });
        await using var mcp = new McpHarness();

        Assert.Single(await mcp.ListAsync(McpHarness.Server(raw.Url), Token));
        Assert.Equal(1, pages);
    }

    [Fact]
    public async Task Cursors_that_are_always_new_are_followed_so_far_and_no_further()
    {
        var pages = 0;
        await using var raw = await RawServer.StartAsync((http, message) =>
            RawServer.ResultAsync(http, message, $$"""{"tools":[],"nextCursor":"{{Interlocked.Increment(ref pages)}}"}"""));
        await using var mcp = new McpHarness(options => options.MaxListPages = 20);

        Assert.Contains("20 pages", (await mcp.FailListAsync(McpHarness.Server(raw.Url), Token)).Message, StringComparison.Ordinal);
        Assert.Equal(21, pages);
    }

    [Theory]
    // Missing or of another shape.
    [InlineData(null, false)]
    [InlineData("null", false)]
    [InlineData("\"readOnlyHint\"", false)]
    [InlineData("""["readOnlyHint"]""", false)]
    [InlineData("{}", false)]
    // As meant.
    [InlineData("""{"readOnlyHint":true}""", true)]
    [InlineData("""{"readOnlyHint":true,"destructiveHint":false,"idempotentHint":false}""", true)]
    [InlineData("""{"idempotentHint":true,"destructiveHint":true}""", true)]
    [InlineData("""{"readOnlyHint":false,"idempotentHint":true}""", true)]
    [InlineData("""{"readOnlyHint":true,"destructiveHint":null}""", true)]
    [InlineData("""{"readOnlyHint":false,"idempotentHint":false}""", false)]
    // Odd types.
    [InlineData("""{"readOnlyHint":"true"}""", false)]
    [InlineData("""{"readOnlyHint":1}""", false)]
    [InlineData("""{"readOnlyHint":true,"destructiveHint":"false"}""", false)]
    [InlineData("""{"readOnlyHint":"true","idempotentHint":true}""", false)]
    // Contradictions.
    [InlineData("""{"readOnlyHint":true,"destructiveHint":true}""", false)]
    [InlineData("""{"readOnlyHint":true,"destructiveHint":true,"idempotentHint":true}""", false)]
    [InlineData("""{"readOnlyHint":false,"readOnlyHint":true}""", false)]
    public void Annotations_allow_a_repetition_only_where_nothing_about_them_is_odd(string? annotations, bool repeatable)
    {
        var tool = annotations is null ? "{}" : $$$"""{"annotations":{{{annotations}}}}""";

        Assert.Equal(repeatable, ToolHints.AllowRepetition(JsonDocument.Parse(tool).RootElement));
    }

    [Theory]
    [InlineData("""{"name":"a","inputSchema":{},"annotations":{"destructiveHint":true}}""")]
    [InlineData("""{"name":"a","inputSchema":{}}""")]
    [InlineData("""{"name":"a","annotations":{"destructiveHint":true}}""")]
    [InlineData("""{"name":"a","inputSchema":7,"annotations":"readOnlyHint"}""")]
    public async Task Name_that_stands_twice_is_repeatable_only_if_all_that_have_it_are(string other)
    {
        const string harmless = """{"name":"a","inputSchema":{},"annotations":{"readOnlyHint":true}}""";

        Assert.False((await ListAsync($$"""{"tools":[{{harmless}},{{other}}]}""")).Tools[0].IsRepeatable);
        Assert.False((await ListAsync($$"""{"tools":[{{other}},{{harmless}}]}""")).Tools[0].IsRepeatable);
        Assert.True((await ListAsync($$"""{"tools":[{{harmless}},{{harmless}}]}""")).Tools[0].IsRepeatable);
    }

    private static string Cursor(string text) => int.TryParse(text, CultureInfo.InvariantCulture, out _) ? text : $"\"{text}\"";

    private static async Task<McpToolList> ListAsync(string result)
    {
        await using var raw = await RawServer.StartAsync((http, message) => RawServer.ResultAsync(http, message, result));
        await using var mcp = new McpHarness();
        return await mcp.ListAllAsync(McpHarness.Server(raw.Url), Token);
    }
}
