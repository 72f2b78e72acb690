using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Executor.Tests.Hostile.Input;

public sealed class SurfaceTests(Target target) : IClassFixture<Target>
{
    [Fact]
    public void Every_endpoint_of_the_node_is_among_those_attacked()
    {
        var endpoints = target.Node.Services.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>().ToList();

        var routes = endpoints.SelectMany(endpoint => endpoint.Metadata.GetRequiredMetadata<HttpMethodMetadata>().HttpMethods.Select(
            method => $"{method} {endpoint.RoutePattern.RawText} {endpoint.Metadata.GetMetadata<IAllowAnonymous>() is not null}"));
        Assert.Equal(
            Surface.All.Select(surface => $"{surface} {surface.IsAnonymous}").Order(StringComparer.Ordinal), routes.Order(StringComparer.Ordinal));
    }

    /// <summary>Otherwise what is refused might be refused for another reason than the one meant.</summary>
    [Theory]
    [InlineData(0)]
    [InlineData(1024 * 1024)]
    public async Task Every_body_that_the_attacks_start_from_is_accepted_up_to_the_limit(int length)
    {
        foreach (var surface in Surface.All.Where(surface => surface.Body is not null && surface.Id == IdKind.None))
        {
            using var response = await target.Node.SendAsync(surface.HttpMethod, surface.Path(), Target.Token, surface.Body!.PadRight(length));

            Assert.True(response.IsSuccessStatusCode, $"{surface}: {await response.Content.ReadAsStringAsync()}");
        }
    }
}
