using System.Net;
using Executor.Tests.Hostile.Input;
using Executor.Tests.Http.Fakes;

namespace Executor.Tests.Http;

public sealed class QueryTests : IAsyncLifetime
{
    private FrontEnd _node = null!;

    public static TheoryData<string, string> Endpoints()
    {
        var endpoints = new TheoryData<string, string>();
        foreach (var surface in Surface.All)
            endpoints.Add(surface.Method, $"{surface.Path()}?{string.Concat(surface.Query.Where(parameter => parameter.Required).Select(parameter => $"{parameter.Name}=crm&"))}");
        return endpoints;
    }

    public async Task InitializeAsync() => _node = await FrontEnd.StartAsync();

    public async Task DisposeAsync() => await _node.DisposeAsync();

    [Theory]
    [MemberData(nameof(Endpoints))]
    public async Task Query_parameter_that_an_endpoint_does_not_have_is_refused_by_name(string method, string path)
    {
        using var response = await _node.SendAsync(new HttpMethod(method), path + "stauts=failed");

        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        var problem = await response.JsonAsync();
        Assert.Equal("urn:executor:problem:invalid-request", problem.Text("type"));
        Assert.Contains("\"stauts\" is not known", problem.Text("error"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/runs?status=failed&x=1", "\"x\" is not known")]
    [InlineData("/runs?Status=failed", "\"Status\" is not known")]
    [InlineData("/runs?=failed", "\"\" is not known")]
    [InlineData("/runs?limit", "\"limit\" is not known")]
    [InlineData("/runs?a%00%22%0a<b>=1", "\"a%00%22%0A%3Cb%3E\" is not known")]
    [InlineData("/runs?ababababababababababababababababababababababababab=1", "\"abababababababababababababababababababab…\" is not known")]
    [InlineData("/runs?status=failed&status=failed", "\"status\" is there more than once")]
    [InlineData("/runs?status=failed&STATUS=failed", "\"STATUS\" is not known")]
    [InlineData("/list-mcp-tools?mcpServerId=crm&mcpServerId=crm", "Missing required query parameter \"mcpServerId\"")]
    [InlineData("/list-mcp-tools?mcpServerId=crm&cursor=a", "\"cursor\" is not known")]
    [InlineData("/runs?status=done", "\"status\" is not a status")]
    public async Task Query_that_is_not_right_is_refused_by_the_name_of_what_is_wrong(string path, string message)
    {
        using var response = await _node.GetAsync(path);

        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        Assert.Contains(message, (await response.JsonAsync()).Text("error"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Query_of_who_has_no_token_is_unauthorized_and_of_no_endpoint_not_found()
    {
        using var anonymous = await _node.GetAsync("/runs?x=1", token: null);
        using var nowhere = await _node.GetAsync("/nowhere?x=1");

        Assert.Equal(HttpStatusCode.Unauthorized, anonymous.StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, nowhere.StatusCode);
    }

    [Theory]
    [InlineData("?")]
    [InlineData("?status=failed")]
    [InlineData("?status=failed&mcpServerId=crm")]
    public async Task Query_that_is_right_is_answered(string query)
    {
        using var response = await _node.GetAsync("/runs" + query);

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
    }
}
