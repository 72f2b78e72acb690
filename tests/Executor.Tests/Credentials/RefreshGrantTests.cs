using System.Text;
using Executor.Credentials;
using Executor.Credentials.Refresh;

namespace Executor.Tests.Credentials;

public sealed class RefreshGrantTests
{
    private static readonly Uri Endpoint = new("https://idp.example/token");

    [Fact]
    public void Form_encoding_follows_the_form_media_type() =>
        Assert.Equal("a+b%2Bc%2Fd%3De%7E%21*%27%28%29%C3%A9%25%3A", FormEncoding.Encode("a b+c/d=e~!*'()é%:"));

    [Fact]
    public void Post_sends_id_and_secret_in_the_body()
    {
        var grant = Grant("r t/+=", "cid", "s&x", ClientAuthMethod.Post, scopes: "a b");

        Assert.Equal("grant_type=refresh_token&refresh_token=r+t%2F%2B%3D&scope=a+b&client_id=cid&client_secret=s%26x", grant.Body());
        Assert.Null(grant.Authorization());
    }

    [Theory]
    [InlineData(ClientAuthMethod.Unspecified)]
    [InlineData(ClientAuthMethod.Basic)]
    public void Basic_form_encodes_both_halves_and_leaves_the_body_alone(ClientAuthMethod method)
    {
        var grant = Grant("rt", "client id", "sec ret", method);

        Assert.Equal("Basic Y2xpZW50K2lkOnNlYytyZXQ=", grant.Authorization()!.ToString());
        Assert.Equal("grant_type=refresh_token&refresh_token=rt", grant.Body());
    }

    [Fact]
    public void Public_client_sends_its_id_only() =>
        Assert.Equal("grant_type=refresh_token&refresh_token=rt&client_id=cid", Grant("rt", "cid", null, ClientAuthMethod.None).Body());

    [Fact]
    public void Resource_is_sent_where_the_server_names_one() =>
        Assert.Contains(
            "&resource=https%3A%2F%2Fmcp.example",
            (Grant("rt", "cid", null, ClientAuthMethod.None) with { Resource = "https://mcp.example" }).Body(),
            StringComparison.Ordinal);

    [Fact]
    public void Printing_shows_no_secret()
    {
        var grant = Grant("SENTINEL-RT", "cid", "SENTINEL-SECRET", ClientAuthMethod.Post);

        Assert.DoesNotContain("SENTINEL", new StringBuilder().Append(grant).Append(grant.Token).Append(grant.Secret).ToString(), StringComparison.Ordinal);
    }

    private static RefreshGrant Grant(string token, string clientId, string? secret, ClientAuthMethod method, string? scopes = null) => new(
        Endpoint,
        new RefreshToken(token),
        new ClientRegistration(Endpoint.ToString(), clientId, null, null, method, scopes),
        secret is null ? null : new ClientSecret(secret),
        Resource: null);
}
