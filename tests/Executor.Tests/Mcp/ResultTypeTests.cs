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
}
