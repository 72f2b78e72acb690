using System.Net;

namespace Executor.Tests.Hostile.Input;

/// <summary>Every endpoint, asked by somebody who is not who they say, or who was sent by a page that they only visited.</summary>
public sealed class HostileCallerTests(Target target) : IClassFixture<Target>
{
    private static readonly (string? Site, string? Origin)[] Elsewhere =
    [
        ("cross-site", null), ("same-site", null), ("SENTINEL-hostile", null), ("", null), ("cross-site", "own"), ("same-origin, cross-site", null),
        (null, "http://evil.example"), (null, "null"), (null, ""), (null, null), (null, "SENTINEL-hostile"),
    ];

    [Fact]
    public Task Token_that_is_not_to_be_believed_is_unauthorized_everywhere() => target.WithstandsAsync(async sent =>
    {
        foreach (var (what, token) in HostileTokens.All())
        {
            if (token.Length > 20)
                sent.Add(token);
            foreach (var surface in Surface.All)
            {
                using var response = await target.Node.SendAsync(surface.HttpMethod, surface.Path(), token, surface.Body);

                if (surface.IsAnonymous)
                    Assert.True(response.StatusCode is HttpStatusCode.OK or HttpStatusCode.NotFound, $"{surface}, {what}");
                else
                    await Target.RefusedAsync(response, $"{surface}, {what}", 401);
            }
        }
    });

    [Fact]
    public Task Token_in_another_place_than_the_header_or_the_cookie_is_no_token() => target.WithstandsAsync(async _ =>
    {
        // Good, but not made as the other tests' are: frameworks write URLs down, and the watch over the suite's output knows only those.
        var query = TestTokens.Mint($$"""{"id":42,"exp":{{TestTokens.InSeconds(TimeSpan.FromHours(1))}}}""", """{"typ":"JWT","alg":"HS256"}""");
        foreach (var surface in Surface.All.Where(surface => !surface.IsAnonymous))
        {
            foreach (var authorization in new[] { "Basic eDp5", Target.Token, $"Bearer  ,{Target.Token}", $"Token {Target.Token}" })
            {
                using var response = await target.Node.SendAsync(
                    surface.HttpMethod, $"{surface.Path()}?access_token={query}", null, surface.Body,
                    request => request.Headers.TryAddWithoutValidation("Authorization", authorization));

                await Target.RefusedAsync(response, $"{surface}, {authorization.Split(' ')[0]}", 401);
            }
        }
    });

    [Fact]
    public Task Change_by_cookie_from_elsewhere_is_forbidden_everywhere() => target.WithstandsAsync(async sent =>
    {
        sent.Add(Target.Token);
        foreach (var surface in Surface.All.Where(surface => surface.ChangesState))
        {
            foreach (var (site, origin) in Elsewhere)
            {
                using var response = await target.Node.SendAsync(surface.HttpMethod, surface.Path(), null, surface.Body, request =>
                {
                    request.Headers.TryAddWithoutValidation("Cookie", $"forest_session_token={Target.Token}");
                    if (site is not null)
                        request.Headers.TryAddWithoutValidation("Sec-Fetch-Site", site);
                    if (origin is not null)
                        request.Headers.TryAddWithoutValidation("Origin", origin == "own" ? target.Node.Address.GetLeftPart(UriPartial.Authority) : origin);
                });

                await Target.RefusedAsync(response, $"{surface}, {site}, {origin}", 403);
            }
        }
    });
}
