using System.Net;
using Executor.Http;
using Executor.Tests.Http.Fakes;

namespace Executor.Tests.Http;

public sealed class OverloadTests : IAsyncLifetime
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private FrontEnd _node = null!;

    public async Task InitializeAsync() => _node = await FrontEnd.StartAsync();

    public async Task DisposeAsync() => await _node.DisposeAsync();

    [Fact]
    public async Task Server_that_does_not_answer_takes_up_no_room_of_another()
    {
        var slow = new TaskCompletionSource();
        _node.Servers.Held = ("crm", slow.Task);
        var waiting = Enumerable.Range(0, Overload.UpstreamPerServer + 1)
            .Select(index => _node.GetAsync("/list-mcp-tools?mcpServerId=crm", TestTokens.For(1 + (index / Overload.PerUser)))).ToList();

        // One more than there is room for is told at once, while all others wait.
        await IsRefusedAsync(await Task.WhenAny(waiting).WaitAsync(Patience));
        Assert.Equal(1, waiting.Count(listing => listing.IsCompleted));
        using (var other = await _node.GetAsync("/list-mcp-tools?mcpServerId=" + Uri.EscapeDataString("bücher/100%")))
            Assert.Equal(HttpStatusCode.OK, other.StatusCode);
        using (var unknown = await _node.GetAsync("/list-mcp-tools?mcpServerId=nope"))
            Assert.Equal(HttpStatusCode.NotFound, unknown.StatusCode);

        slow.SetResult();
        var answers = await Task.WhenAll(waiting).WaitAsync(Patience);
        Assert.Equal(Overload.UpstreamPerServer, answers.Count(answer => answer.StatusCode == HttpStatusCode.OK));
        foreach (var answer in answers)
            answer.Dispose();
    }

    [Fact]
    public async Task User_with_any_number_of_requests_leaves_room_for_others()
    {
        var slow = new TaskCompletionSource();
        _node.Servers.Held = ("crm", slow.Task);
        var waiting = Enumerable.Range(0, Overload.PerUser + 1)
            .Select(_ => _node.GetAsync("/list-mcp-tools?mcpServerId=crm", TestTokens.For(1))).ToList();

        await IsRefusedAsync(await Task.WhenAny(waiting).WaitAsync(Patience));
        await IsRefusedAsync(_node.GetAsync("/runs", TestTokens.For(1)));
        using (var other = await _node.GetAsync("/runs", TestTokens.For(2)))
            Assert.Equal(HttpStatusCode.OK, other.StatusCode);
        using (var alive = await _node.GetAsync("/livez", token: null))
            Assert.Equal(HttpStatusCode.OK, alive.StatusCode);

        slow.SetResult();
        foreach (var answer in await Task.WhenAll(waiting).WaitAsync(Patience))
            answer.Dispose();
    }

    private static async Task IsRefusedAsync(Task<HttpResponseMessage> request)
    {
        using var refused = await request;
        Assert.Equal(HttpStatusCode.ServiceUnavailable, refused.StatusCode);
        Assert.NotNull(refused.Headers.RetryAfter);
        Assert.Equal("application/problem+json", refused.Content.Headers.ContentType?.MediaType);
        Assert.Equal("urn:executor:problem:overloaded", (await refused.JsonAsync()).Text("type"));
    }
}
