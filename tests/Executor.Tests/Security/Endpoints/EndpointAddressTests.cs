using System.Net;
using Executor.Security.Endpoints;
using R = Executor.Security.Endpoints.EndpointRefusal;

namespace Executor.Tests.Security.Endpoints;

public sealed class EndpointAddressTests
{
    private static readonly EndpointGuard _strict = new(EndpointPolicy.Strict);
    private static readonly EndpointGuard _development = new(EndpointPolicy.Development);

    [Theory]
    [InlineData("127.0.0.1", R.Loopback)]
    [InlineData("127.255.255.254", R.Loopback)]
    [InlineData("::1", R.Loopback)]
    [InlineData("0.0.0.0", R.Unspecified)]
    [InlineData("0.255.1.1", R.Unspecified)]
    [InlineData("::", R.Unspecified)]
    [InlineData("169.254.0.1", R.LinkLocal)]
    [InlineData("fe80::1", R.LinkLocal)]
    [InlineData("fe80::1%3", R.LinkLocal)]
    [InlineData("febf:ffff::1", R.LinkLocal)]
    [InlineData("224.0.0.251", R.Multicast)]
    [InlineData("239.255.255.250", R.Multicast)]
    [InlineData("255.255.255.255", R.Multicast)]
    [InlineData("ff0e::1", R.Multicast)]
    [InlineData("169.254.169.254", R.Metadata)]
    [InlineData("100.100.100.200", R.Metadata)]
    [InlineData("192.0.0.192", R.Metadata)]
    [InlineData("168.63.129.16", R.Metadata)]
    [InlineData("fd00:ec2::254", R.Metadata)]
    [InlineData("fd00:ec2::23", R.Metadata)]
    [InlineData("fd20:ce::254", R.Metadata)]
    [InlineData("fd00:42::42", R.Metadata)]
    public void Address_that_no_token_endpoint_has_is_refused(string address, R refusal) =>
        Assert.Equal(refusal, _strict.CheckAddress(IPAddress.Parse(address)).Refusal);

    [Theory]
    [InlineData("10.0.0.5")]
    [InlineData("172.31.255.255")]
    [InlineData("192.168.1.10")]
    [InlineData("100.64.0.1")]
    [InlineData("100.100.100.201")]
    [InlineData("126.255.255.255")]
    [InlineData("128.0.0.1")]
    [InlineData("169.253.255.255")]
    [InlineData("169.255.0.0")]
    [InlineData("223.255.255.255")]
    [InlineData("8.8.8.8")]
    [InlineData("fd00::1")]
    [InlineData("fdff:ffff::1")]
    [InlineData("fec0::1")]
    [InlineData("2606:4700::1111")]
    [InlineData("2001:db8::7f00:1")]
    [InlineData("2003:7f00:1::")]
    [InlineData("::ffff:10.0.0.5")]
    [InlineData("64:ff9b::808:808")]
    [InlineData("64:ff9b:1::a00:5")]
    [InlineData("64:ff9b:1:a00:5:0:0:0")]
    [InlineData("64:ff9b:2::7f00:1")]
    [InlineData("2002:808:808::1")]
    public void Public_or_private_address_is_allowed(string address) =>
        Assert.Equal(R.None, _strict.CheckAddress(IPAddress.Parse(address)).Refusal);

    public static TheoryData<string, R> Embedded()
    {
        var data = new TheoryData<string, R>();
        foreach (var (address, refusal) in new[]
        {
            ("127.0.0.1", R.Loopback), ("169.254.169.254", R.Metadata), ("169.254.1.1", R.LinkLocal), ("100.100.100.200", R.Metadata),
            ("224.0.0.1", R.Multicast), ("255.255.255.255", R.Multicast), ("0.1.2.3", R.Unspecified),
        })
        {
            var b = IPAddress.Parse(address).GetAddressBytes();
            var hex = $"{b[0]:x2}{b[1]:x2}:{b[2]:x2}{b[3]:x2}";
            data.Add($"::ffff:{hex}", refusal);
            data.Add($"::{hex}", refusal);
            data.Add($"::ffff:0:{hex}", refusal);
            data.Add($"64:ff9b::{hex}", refusal);
            data.Add($"64:ff9b:1::{hex}", refusal);
            data.Add($"2002:{hex}::", refusal);
            data.Add($"2002:{hex}:1:2:3:4:5", refusal);
            data.Add($"2001:0:{hex}:0:0:f7f7:f7f7", refusal);
            data.Add($"2001:0:808:808:0:0:{b[0] ^ 0xff:x2}{b[1] ^ 0xff:x2}:{b[2] ^ 0xff:x2}{b[3] ^ 0xff:x2}", refusal);
            // The local-use NAT64 prefix at its other lengths: 48, 56 and 64 bits.
            if (refusal == R.Unspecified)
                continue;
            data.Add($"64:ff9b:1:{b[0]:x2}{b[1]:x2}:00{b[2]:x2}:{b[3]:x2}00:0:0", refusal);
            data.Add($"64:ff9b:1:00{b[0]:x2}:00{b[1]:x2}:{b[2]:x2}{b[3]:x2}:0:0", refusal);
            data.Add($"64:ff9b:1:0:00{b[0]:x2}:{b[1]:x2}{b[2]:x2}:{b[3]:x2}00:0", refusal);
        }

        return data;
    }

    [Theory]
    [MemberData(nameof(Embedded))]
    public void IPv6_address_is_judged_by_the_IPv4_one_inside(string address, R refusal)
    {
        var parsed = IPAddress.Parse(address);

        Assert.Equal(refusal, _strict.CheckAddress(parsed).Refusal);
        Assert.Equal(refusal == R.Loopback, _development.CheckAddress(parsed).IsAllowed);
    }

    [Fact]
    public void Loopback_reading_does_not_hide_a_worse_one_in_development() => // Teredo: a loopback server, a metadata client
        Assert.Equal(R.Metadata, _development.CheckAddress(IPAddress.Parse("2001:0:7f00:1:0:0:5601:5601")).Refusal);

    [Theory]
    [InlineData("127.0.0.1", true)]
    [InlineData("::1", true)]
    [InlineData("169.254.1.1", false)]
    [InlineData("169.254.169.254", false)]
    [InlineData("0.0.0.0", false)]
    [InlineData("::", false)]
    [InlineData("224.0.0.1", false)]
    public void Development_allows_loopback_and_nothing_more(string address, bool allowed) =>
        Assert.Equal(allowed, _development.CheckAddress(IPAddress.Parse(address)).IsAllowed);
}
