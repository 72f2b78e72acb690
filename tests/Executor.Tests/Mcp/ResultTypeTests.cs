using Executor.Credentials;
using Executor.Servers;

namespace Executor.Tests.Mcp;

public sealed class ResultTypeTests
{
    private static readonly AccessToken Token = new("token");

    [Theory]
    [InlineData("""{"content":[]}""")]
    [InlineData("""{"resultType":"complete","content":[]}""")]
    [InlineData("""{"content":[],"task":{"of":"the tool's own"}}""")]
    public async Task Complete_result_is_a_success(string result)
    {
        await using var raw = await RawServer.StartAsync((http, message) => RawServer.ResultAsync(http, message, result));
        await using var mcp = new McpHarness();

        Assert.False((await mcp.CallAsync(McpHarness.Server(raw.Url), Token, McpHarness.Call("any"))).IsError);
    }

    [Theory]
    [InlineData("""{"resultType":"task","taskId":"t-1","status":"working"}""", "started")]
    [InlineData("""{"resultType":"task","content":[],"isError":false}""", "started")]
    [InlineData("""{"task":{"taskId":"t-1","status":"working"}}""", "started")]
    [InlineData("""{"resultType":"SENTINEL","content":[],"isError":false}""", "not known")]
    [InlineData("""{"resultType":"Complete","content":[]}""", "not known")]
    [InlineData("""{"resultType":"","content":[]}""", "not known")]
    [InlineData("""{"resultType":7,"content":[]}""", "not known")]
    [InlineData("""{"resultType":null,"content":[]}""", "not known")]
    public async Task Result_of_another_kind_is_never_a_success_and_never_repeated(string result, string said)
    {
        await using var raw = await RawServer.StartAsync((http, message) => RawServer.ResultAsync(http, message, result));
        await using var mcp = new McpHarness();

        var failure = await mcp.FailAsync(McpHarness.Server(raw.Url), Token, McpHarness.Call("any"));

        Assert.Equal((McpFailureCodes.ResultTypeUnsupported, McpEffect.Settled), (failure.Code, failure.Effect));
        Assert.Contains(said, failure.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("SENTINEL", failure.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{"login":{"method":"elicitation/create","params":{"message":"SENTINEL"}}}""", "elicitation «login»")]
    [InlineData("""{"a":{"method":"sampling/createMessage"},"b":{"method":"roots/list"}}""", "sampling «a», roots «b»")]
    [InlineData("""{"SENTINEL pass word":{"method":"elicitation/create"}}""", "elicitation.")]
    [InlineData("""{"a":{"method":"SENTINEL"},"b":7}""", "something unknown «a», something unknown «b»")]
    [InlineData("""{"a":{},"b":{},"c":{},"d":{},"e":{},"f":{},"g":{}}""", "and 2 more")]
    [InlineData("{}", "does not say")]
    [InlineData("7", "does not say")]
    public async Task Input_that_is_required_is_a_typed_failure_that_says_what_was_asked_for(string requests, string said)
    {
        await using var raw = await RawServer.StartAsync((http, message) => RawServer.ResultAsync(
            http, message, $$"""{"resultType":"input_required","inputRequests":{{requests}},"requestState":"SENTINEL"}"""));
        await using var mcp = new McpHarness();

        var failure = await mcp.FailAsync(McpHarness.Server(raw.Url), Token, McpHarness.Call("any"));

        Assert.Equal((McpFailureCodes.InputRequired, McpEffect.Settled), (failure.Code, failure.Effect));
        Assert.Contains(said, failure.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("SENTINEL", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Server_that_asks_for_nothing_but_the_call_again_is_called_again_with_its_state()
    {
        var states = new List<string?>();
        await using var raw = await RawServer.StartAsync((http, message) =>
        {
            if (message["method"]?.ToString() == "tools/list")
                return RawServer.ResultAsync(http, message, """{"tools":[]}""");
            states.Add(message["params"]!["requestState"]?.ToString());
            return RawServer.ResultAsync(
                http, message, states.Count < 3 ? $$"""{"resultType":"input_required","requestState":"s{{states.Count}}"}""" : """{"content":[]}""");
        });
        await using var mcp = new McpHarness();

        await mcp.CallAsync(McpHarness.Server(raw.Url), Token, McpHarness.Call("any"));

        Assert.Equal([null, "s1", "s2"], states);
    }

    [Fact]
    public async Task Server_that_asks_for_the_call_again_without_an_end_is_called_so_often_and_no_more()
    {
        var calls = 0;
        await using var raw = await RawServer.StartAsync((http, message) =>
        {
            if (message["method"]?.ToString() == "tools/call")
                calls++;
            return RawServer.ResultAsync(http, message, """{"tools":[],"resultType":"input_required","requestState":"again"}""");
        });
        await using var mcp = new McpHarness();

        Assert.Equal(McpFailureCodes.InputRequired, (await mcp.FailAsync(McpHarness.Server(raw.Url), Token, McpHarness.Call("any"))).Code);
        Assert.Equal(10, calls);
    }
}
