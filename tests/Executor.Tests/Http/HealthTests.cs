using System.Net;
using Executor.Nodes;
using Executor.Tests.Http.Fakes;

namespace Executor.Tests.Http;

public sealed class HealthTests : IAsyncLifetime
{
    private FrontEnd _node = null!;

    public async Task InitializeAsync() => _node = await FrontEnd.StartAsync();

    public async Task DisposeAsync() => await _node.DisposeAsync();

    [Fact]
    public async Task Running_node_is_healthy_alive_started_and_ready_without_a_token()
    {
        foreach (var path in new[] { "/health", "/livez", "/readyz", "/startupz" })
        {
            using var response = await _node.GetAsync(path, token: null);
            Assert.Equal(HttpStatusCode.OK, response.StatusCode);
            Assert.NotEmpty(response.Headers.GetValues("X-Executor-Version").Single());
        }

        using var health = await _node.GetAsync("/health", token: null);
        Assert.Equal("""{"state":"running"}""", await health.Content.ReadAsStringAsync());
    }

    [Fact]
    public async Task Draining_node_is_healthy_and_alive_but_not_ready()
    {
        _node.Node.MoveTo(NodePhase.Draining);

        using var health = await _node.GetAsync("/health", token: null);
        using var live = await _node.GetAsync("/livez", token: null);
        using var ready = await _node.GetAsync("/readyz", token: null);

        Assert.Equal((HttpStatusCode.OK, """{"state":"draining"}"""), (health.StatusCode, await health.Content.ReadAsStringAsync()));
        Assert.Equal(HttpStatusCode.OK, live.StatusCode);
        Assert.Equal(HttpStatusCode.ServiceUnavailable, ready.StatusCode);
    }

    [Fact]
    public async Task Stopped_node_is_not_healthy()
    {
        _node.Node.MoveTo(NodePhase.Stopped);

        using var health = await _node.GetAsync("/health", token: null);

        Assert.Equal((HttpStatusCode.ServiceUnavailable, """{"state":"stopped"}"""), (health.StatusCode, await health.Content.ReadAsStringAsync()));
    }

    [Theory]
    [InlineData(false, 0, false, "not reachable")]
    [InlineData(true, 1, false, "needs 2")]
    [InlineData(true, 2, true, "read-only")]
    public async Task Node_is_not_ready_without_its_database(bool reachable, int version, bool readOnly, string problem)
    {
        _node.Database = new DatabaseHealth(reachable, version, 2, readOnly);

        using var ready = await _node.GetAsync("/readyz", token: null);

        Assert.Equal(HttpStatusCode.ServiceUnavailable, ready.StatusCode);
        Assert.Contains(problem, await ready.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Node_is_not_ready_on_a_schema_that_is_too_new_for_it()
    {
        _node.Database = new DatabaseHealth(true, 3, 2, IsTooNew: true);

        using var ready = await _node.GetAsync("/readyz", token: null);

        Assert.Equal(HttpStatusCode.ServiceUnavailable, ready.StatusCode);
        Assert.Contains("has version 3, which this node cannot work with", await ready.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Node_whose_heart_fails_says_so_and_goes_on_to_serve()
    {
        (_node.Liveness.MayOpenIntents, _node.Liveness.MayStartSteps) = (false, false);

        using var ready = await _node.GetAsync("/readyz", token: null);

        Assert.Equal(HttpStatusCode.OK, ready.StatusCode);
        var warnings = (await ready.JsonAsync()).GetProperty("warnings").EnumerateArray().Select(warning => warning.GetString()!).ToList();
        Assert.Contains(warnings, warning => warning.StartsWith("No refresh begins here", StringComparison.Ordinal));
        Assert.Contains(warnings, warning => warning.StartsWith("No step begins here", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Newer_schema_than_needed_is_fine()
    {
        _node.Database = new DatabaseHealth(true, 3, 2);

        using var ready = await _node.GetAsync("/readyz", token: null);

        Assert.Equal(HttpStatusCode.OK, ready.StatusCode);
    }

    [Fact]
    public async Task Api_description_names_every_path_with_schemas_and_problems()
    {
        using var response = await _node.GetAsync("/openapi/v1.json", token: null);

        var description = await response.JsonAsync();
        Assert.DoesNotContain("null", description.GetRawText(), StringComparison.Ordinal);
        var paths = description.GetProperty("paths");
        foreach (var path in new[]
        {
            "/mcp-oauth-credentials", "/mcp-oauth-credentials/{mcpServerId}", "/list-mcp-tools", "/runs", "/runs/{id}", "/runs/{id}/trigger",
            "/runs/{id}/cancel", "/runs/{id}/events", "/health", "/livez", "/readyz", "/startupz",
        })
        {
            Assert.True(paths.TryGetProperty(path, out _), path);
        }

        var deposit = paths.GetProperty("/mcp-oauth-credentials").GetProperty("post");
        Assert.True(deposit.GetProperty("requestBody").GetProperty("content").TryGetProperty("application/json", out _));
        Assert.True(deposit.GetProperty("responses").GetProperty("400").GetProperty("content").TryGetProperty("application/problem+json", out _));
        Assert.Equal("path", paths.GetProperty("/mcp-oauth-credentials/{mcpServerId}").GetProperty("delete").GetProperty("parameters")[0].Text("in"));
    }
}
