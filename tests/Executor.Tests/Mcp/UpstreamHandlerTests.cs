using System.Net;
using Executor.Credentials;
using Executor.Mcp.Http;

namespace Executor.Tests.Mcp;

public sealed class UpstreamHandlerTests
{
    [Theory]
    [InlineData("https://crm.example.com/other", true)]
    [InlineData("http://crm.example.com/mcp", false)]
    [InlineData("https://crm.example.com:8443/mcp", false)]
    [InlineData("https://evil.example.com/mcp", false)]
    public async Task Bearer_leaves_for_the_servers_own_origin_only(string target, bool sent)
    {
        using var wire = new Wire();
        using var http = new HttpMessageInvoker(new UpstreamHandler(wire, TimeProvider.System));
        using var request = new HttpRequestMessage(HttpMethod.Get, target);
        new CallScope(
            McpHarness.Server(new Uri("https://crm.example.com/mcp")), ScopePurpose.Call, () => new AccessToken("mine"), new ByteBudget(1000)).Enter();

        var error = await Record.ExceptionAsync(() => http.SendAsync(request, CancellationToken.None));

        Assert.Equal(sent, error is null);
        Assert.Equal(sent ? ["Bearer mine"] : [], wire.Bearers);
    }

    [Fact]
    public async Task Request_outside_any_call_is_refused()
    {
        using var wire = new Wire();
        using var http = new HttpMessageInvoker(new UpstreamHandler(wire, TimeProvider.System));
        using var request = new HttpRequestMessage(HttpMethod.Get, "https://crm.example.com/mcp");

        await Assert.ThrowsAsync<InvalidOperationException>(() => http.SendAsync(request, CancellationToken.None));
        Assert.Empty(wire.Bearers);
    }

    private sealed class Wire : HttpMessageHandler
    {
        public List<string> Bearers { get; } = [];

        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            Bearers.Add(request.Headers.Authorization!.ToString());
            return Task.FromResult(new HttpResponseMessage(HttpStatusCode.OK));
        }
    }
}
