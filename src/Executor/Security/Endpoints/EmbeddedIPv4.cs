using System.Net;
using System.Net.Sockets;

namespace Executor.Security.Endpoints;

/// <summary>
/// The IPv4 addresses that an IPv6 address reaches, or may reach, through a mapping or a translator. A translator with a prefix of
/// its network's own (RFC 6052, section 2.2) cannot be told from an ordinary address.
/// </summary>
internal static class EmbeddedIPv4
{
    private static readonly IPNetwork _compatible = IPNetwork.Parse("::/96");
    private static readonly IPNetwork _translated = IPNetwork.Parse("::ffff:0:0:0/96"); // RFC 2765
    private static readonly IPNetwork _nat64 = IPNetwork.Parse("64:ff9b::/96");
    private static readonly IPNetwork _localNat64 = IPNetwork.Parse("64:ff9b:1::/48"); // RFC 8215
    private static readonly IPNetwork _6to4 = IPNetwork.Parse("2002::/16");
    private static readonly IPNetwork _teredo = IPNetwork.Parse("2001::/32");

    public static IEnumerable<IPAddress> Of(IPAddress address)
    {
        if (address.AddressFamily != AddressFamily.InterNetworkV6)
            return [];

        var b = address.GetAddressBytes();
        if (_compatible.Contains(address) || address.IsIPv4MappedToIPv6 || _translated.Contains(address) || _nat64.Contains(address))
            return [new IPAddress(b.AsSpan(12))];
        if (_6to4.Contains(address))
            return [new IPAddress(b.AsSpan(2, 4))];
        if (_teredo.Contains(address))
            return [new IPAddress(b.AsSpan(4, 4)), new IPAddress([(byte)~b[12], (byte)~b[13], (byte)~b[14], (byte)~b[15]])];
        return _localNat64.Contains(address) ? LocalNat64(b) : [];
    }

    // The network may use this prefix at any of its lengths (RFC 6052, section 2.2), each with another place for the address. Octet 8
    // stays zero. A reading in 0.0.0.0/8 is only padding, unless every reading is.
    private static List<IPAddress> LocalNat64(byte[] b)
    {
        List<IPAddress> readings =
        [
            new([b[6], b[7], b[9], b[10]]),
            new([b[7], b[9], b[10], b[11]]),
            new([b[9], b[10], b[11], b[12]]),
            new(b.AsSpan(12)),
        ];
        var real = readings.FindAll(reading => reading.GetAddressBytes()[0] != 0);
        return real.Count > 0 ? real : readings;
    }
}
