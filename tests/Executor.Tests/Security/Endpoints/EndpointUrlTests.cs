using Executor.Security.Endpoints;
using R = Executor.Security.Endpoints.EndpointRefusal;

namespace Executor.Tests.Security.Endpoints;

public sealed class EndpointUrlTests
{
    private static readonly EndpointGuard _strict = new(EndpointPolicy.Strict);
    private static readonly EndpointGuard _development = new(EndpointPolicy.Development);

    [Theory]
    [InlineData("https://idp.example.com/t")]
    [InlineData("HTTPS://IDP.EXAMPLE.COM/t")]
    [InlineData("https://idp.example.com./t")]
    [InlineData("https://idp.example.com:8443/t?tenant=1#x")]
    [InlineData("https://idp.example.com?x=a@b")]
    [InlineData("https://auth.localhost.example.com/t")]
    [InlineData("https://mylocalhost/t")]
    [InlineData("https://xn--r8jz45g.jp/t")]
    [InlineData("https://my_idp.internal/t")]
    [InlineData("https://10.0.0.5/t")]
    [InlineData("https://192.168.1.10:8443/t")]
    [InlineData("https://172.16.0.1/t")]
    [InlineData("https://[fd12:3456::1]/t")]
    [InlineData("https://[2606:4700::1111]:8443/t")]
    [InlineData("https://8.8.8.8/t")]
    [InlineData("https://idp.example.com/%C3%A9/été")]
    public void Public_or_private_https_endpoint_is_allowed(string url)
    {
        Assert.Equal(R.None, _strict.CheckUrl(url).Refusal);
        Assert.Equal(R.None, _development.CheckUrl(url).Refusal);
    }

    [Theory]
    [InlineData("http://idp.example.com/t", R.TlsRequired)]
    [InlineData("HTTP://idp.example.com/t", R.TlsRequired)]
    [InlineData("https://127.0.0.1/", R.Loopback)]
    [InlineData("https://127.8.9.1:8443/", R.Loopback)]
    [InlineData("https://localhost/", R.Loopback)]
    [InlineData("https://LOCALHOST/", R.Loopback)]
    [InlineData("https://localhost./", R.Loopback)]
    [InlineData("https://foo.localhost/", R.Loopback)]
    [InlineData("https://foo.LocalHost.:443/", R.Loopback)]
    [InlineData("https://[::1]/", R.Loopback)]
    [InlineData("https://[0:0:0:0:0:0:0:1]/", R.Loopback)]
    [InlineData("https://2130706433/", R.Loopback)]
    [InlineData("https://0x7f000001/", R.Loopback)]
    [InlineData("https://0x7F.1/", R.Loopback)]
    [InlineData("https://0177.0.0.1/", R.Loopback)]
    [InlineData("https://127.1/", R.Loopback)]
    [InlineData("https://127.0.0.1./", R.Loopback)]
    [InlineData("https://127.1./", R.Loopback)]
    [InlineData("https://2130706433./", R.Loopback)]
    [InlineData("https://0x7f000001./", R.Loopback)]
    [InlineData("https://[::ffff:127.0.0.1]/", R.Loopback)]
    [InlineData("https://[::ffff:7f00:1]/", R.Loopback)]
    [InlineData("https://[::127.0.0.1]/", R.Loopback)]
    [InlineData("https://[64:ff9b::7f00:1]/", R.Loopback)]
    [InlineData("https://[2002:7f00:1::]/", R.Loopback)]
    public void Http_and_loopback_are_refused_except_in_development(string url, R refusal)
    {
        Assert.Equal(refusal, _strict.CheckUrl(url).Refusal);
        Assert.Equal(R.None, _development.CheckUrl(url).Refusal);
        Assert.Equal(R.None, _development.CheckUrl(url.Replace("https:", "http:", StringComparison.Ordinal)).Refusal);
    }

    [Theory]
    [InlineData("", R.NotAbsolute)]
    [InlineData("not a url", R.NotAbsolute)]
    [InlineData("idp.example.com/t", R.NotAbsolute)]
    [InlineData("//idp/t", R.NotAbsolute)]
    [InlineData("/t", R.NotAbsolute)]
    [InlineData("https:idp.example.com", R.NotAbsolute)]
    [InlineData("https:/idp.example.com", R.NotAbsolute)]
    [InlineData(@"https:\\idp.example.com\t", R.NotAbsolute)]
    [InlineData(@"https://idp.example.com\@evil.example", R.NotAbsolute)]
    [InlineData(" https://idp.example.com/t", R.NotAbsolute)]
    [InlineData("https://idp.example.com/t ", R.NotAbsolute)]
    [InlineData("https://idp.example.com:99999/t", R.NotAbsolute)]
    [InlineData("https://a..b/t", R.NotAbsolute)]
    [InlineData("mailto:a@b", R.NotAbsolute)]
    [InlineData("file:///etc/passwd", R.Scheme)]
    [InlineData("ftp://idp.example.com/t", R.Scheme)]
    [InlineData("gopher://127.0.0.1/", R.Scheme)]
    [InlineData("https://idp.example.com/\r\nHost: x", R.ControlCharacters)]
    [InlineData("https://idp.example.com/\0", R.ControlCharacters)]
    [InlineData("https://idp.example\t.com/", R.ControlCharacters)]
    [InlineData("https://idp.example.com/\u0085", R.ControlCharacters)]
    [InlineData("https://user:pw@idp.example.com/t", R.UserInfo)]
    [InlineData("https://user@idp.example.com/t", R.UserInfo)]
    [InlineData("https://@idp.example.com/t", R.UserInfo)]
    [InlineData("https://idp.example.com@127.0.0.1/t", R.UserInfo)]
    [InlineData("https:///t", R.InvalidHost)]
    [InlineData("https://%31%32%37.0.0.1/", R.InvalidHost)]
    [InlineData("https://127.0.0.1%2e/", R.InvalidHost)]
    [InlineData("https://127%2e0.0.1/", R.InvalidHost)]
    [InlineData("https://１２７.0.0.1/", R.InvalidHost)]
    [InlineData("https://127。0。0。1/", R.InvalidHost)]
    [InlineData("https://⑴27.0.0.1/", R.InvalidHost)]
    [InlineData("https://ｌocalhost/", R.InvalidHost)]
    [InlineData("https://local\u00adhost/", R.InvalidHost)]
    [InlineData("https://例え.jp/", R.InvalidHost)]
    [InlineData("https://[::1]x/", R.InvalidHost)]
    [InlineData("https://[::1", R.InvalidHost)]
    [InlineData("https://[fd00::1%eth0]/", R.InvalidHost)]
    [InlineData("https://[fe80::1%25eth0]/", R.InvalidHost)]
    [InlineData("https://idp.example.com:80:90/", R.InvalidHost)]
    [InlineData("https://4294967296/", R.InvalidHost)]
    [InlineData("https://1.2.3.256/", R.InvalidHost)]
    [InlineData("https://08.1.1.1/", R.InvalidHost)]
    [InlineData("https://foo.1/", R.InvalidHost)]
    [InlineData("https://foo.0x/", R.InvalidHost)]
    [InlineData("https://foo.0x1f./", R.InvalidHost)]
    [InlineData("https://169.254.169.254/latest", R.Metadata)]
    [InlineData("https://2852039166/", R.Metadata)]
    [InlineData("https://0xA9FEA9FE/", R.Metadata)]
    [InlineData("https://169.254.169.254./", R.Metadata)]
    [InlineData("https://[::ffff:169.254.169.254]/", R.Metadata)]
    [InlineData("https://[::ffff:a9fe:a9fe]/", R.Metadata)]
    [InlineData("https://[64:ff9b::a9fe:a9fe]/", R.Metadata)]
    [InlineData("https://[fd00:ec2::254]/", R.Metadata)]
    [InlineData("https://100.100.100.200/", R.Metadata)]
    [InlineData("https://metadata.google.internal/", R.Metadata)]
    [InlineData("https://METADATA.google.internal./", R.Metadata)]
    [InlineData("https://x.metadata.google.internal/", R.Metadata)]
    [InlineData("https://metadata.goog/", R.Metadata)]
    [InlineData("https://instance-data/", R.Metadata)]
    [InlineData("https://169.254.170.2/", R.LinkLocal)]
    [InlineData("https://[fe80::1]/", R.LinkLocal)]
    [InlineData("https://[febf::1]/", R.LinkLocal)]
    [InlineData("https://0.0.0.0/", R.Unspecified)]
    [InlineData("https://0/", R.Unspecified)]
    [InlineData("https://0.1.2.3/", R.Unspecified)]
    [InlineData("https://[::]/", R.Unspecified)]
    [InlineData("https://255.255.255.255/", R.Multicast)]
    [InlineData("https://224.0.0.1/", R.Multicast)]
    [InlineData("https://[ff02::1]/", R.Multicast)]
    public void Anything_else_is_refused_in_development_too(string url, R refusal)
    {
        Assert.Equal(refusal, _strict.CheckUrl(url).Refusal);
        Assert.Equal(refusal, _development.CheckUrl(url).Refusal);
        Assert.False(_strict.CheckUrl(url).IsAllowed);
    }

    [Fact]
    public void Url_longer_than_the_store_keeps_is_refused()
    {
        var longest = "https://idp.example.com/".PadRight(EndpointGuard.MaxUrlLength, 'x');

        Assert.Equal(R.None, _strict.CheckUrl(longest).Refusal);
        Assert.Equal(R.TooLong, _strict.CheckUrl(longest + "x").Refusal);
    }

    [Fact]
    public void Unset_policy_is_strict() => Assert.Equal(R.TlsRequired, new EndpointGuard(default).CheckUrl("http://idp.example.com/").Refusal);

    [Fact]
    public void Text_of_every_refusal_is_its_own_and_holds_nothing_of_the_url()
    {
        var texts = Enum.GetValues<R>().Select(refusal => new EndpointVerdict(refusal).Text).ToList();
        var verdict = _strict.CheckUrl("https://hunter1:hunter2@idp.example.com/t");

        Assert.Equal(texts.Count, texts.Distinct(StringComparer.Ordinal).Count());
        Assert.DoesNotContain("hunter", $"{verdict} {verdict.Text} {new EndpointRefusedException(verdict)}", StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("https://idp.example.com/t", true)]
    [InlineData("HTTPS://IDP.example.com:443/a/../t#x", true)]
    [InlineData("https://idp.example.com/%74", true)]
    [InlineData("https://idp.example.com/T", false)]
    [InlineData("https://idp.example.com/t/", false)]
    [InlineData("https://idp.example.com/t/x", false)]
    [InlineData("https://idp.example.com/t?x=1", false)]
    [InlineData("https://idp.example.com/", false)]
    [InlineData("https://idp.example.com:8443/t", false)]
    [InlineData("https://idp.example.com./t", false)]
    [InlineData("https://idp.example.com.evil.example/t", false)]
    [InlineData("https://evil.example/t", false)]
    public void Allowlist_admits_only_its_own_endpoints(string url, bool allowed) => Assert.Equal(
        allowed ? R.None : R.NotAllowlisted,
        _strict.CheckUrl(url, [new Uri("https://other.example/t"), new Uri("https://idp.example.com/t")]).Refusal);

    [Fact]
    public void Allowlist_adds_to_the_guard_and_lifts_nothing()
    {
        Assert.Equal(R.Loopback, _strict.CheckUrl("https://localhost/t", [new Uri("https://localhost/t")]).Refusal);
        Assert.Equal(R.TlsRequired, _strict.CheckUrl("http://idp.example.com/t", [new Uri("http://idp.example.com/t")]).Refusal);
        Assert.Equal(R.NotAllowlisted, _development.CheckUrl("http://idp.example.com/t", [new Uri("https://idp.example.com/t")]).Refusal);
    }

    [Fact]
    public void Empty_allowlist_admits_nothing_and_an_absent_one_everything()
    {
        Assert.Equal(R.NotAllowlisted, _strict.CheckUrl("https://idp.example.com/t", []).Refusal);
        Assert.Equal(R.None, _strict.CheckUrl("https://idp.example.com/t", allowlist: null).Refusal);
    }
}
