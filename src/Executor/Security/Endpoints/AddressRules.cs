using System.Net;

namespace Executor.Security.Endpoints;

/// <summary>What an address is, if it is something that a token endpoint never is. Private (RFC 1918, ULA) addresses are nothing special.</summary>
internal static class AddressRules
{
    // Services of clouds that answer to whoever asks from the machine: outside the link-local ranges, so they are listed.
    private static readonly IPNetwork[] _metadata =
    [
        IPNetwork.Parse("169.254.169.254/32"),
        IPNetwork.Parse("100.100.100.200/32"), // Alibaba
        IPNetwork.Parse("192.0.0.192/32"), // Oracle
        IPNetwork.Parse("168.63.129.16/32"), // Azure's platform channel
        IPNetwork.Parse("fd00:ec2::/32"), // AWS: metadata ::254, pod identity ::23
        IPNetwork.Parse("fd20:ce::254/128"), // Google
        IPNetwork.Parse("fd00:42::42/128"), // Scaleway
    ];

    private static readonly (IPNetwork Network, EndpointRefusal Refusal)[] _ranges =
    [
        (IPNetwork.Parse("0.0.0.0/8"), EndpointRefusal.Unspecified),
        (IPNetwork.Parse("127.0.0.0/8"), EndpointRefusal.Loopback),
        (IPNetwork.Parse("169.254.0.0/16"), EndpointRefusal.LinkLocal),
        (IPNetwork.Parse("224.0.0.0/4"), EndpointRefusal.Multicast),
        (IPNetwork.Parse("255.255.255.255/32"), EndpointRefusal.Multicast),
        (IPNetwork.Parse("::/128"), EndpointRefusal.Unspecified),
        (IPNetwork.Parse("::1/128"), EndpointRefusal.Loopback),
        (IPNetwork.Parse("fe80::/10"), EndpointRefusal.LinkLocal),
        (IPNetwork.Parse("ff00::/8"), EndpointRefusal.Multicast),
    ];

    public static EndpointRefusal Classify(IPAddress address)
    {
        var own = ClassifyPlain(address);
        if (own != EndpointRefusal.None)
            return own;

        // More than one reading may be possible: the worst of them counts.
        var embedded = EmbeddedIPv4.Of(address).Select(ClassifyPlain).Where(refusal => refusal != EndpointRefusal.None).ToList();
        return embedded.Exists(refusal => refusal != EndpointRefusal.Loopback)
            ? embedded.Find(refusal => refusal != EndpointRefusal.Loopback)
            : embedded.FirstOrDefault();
    }

    private static EndpointRefusal ClassifyPlain(IPAddress address)
    {
        if (Array.Exists(_metadata, network => network.Contains(address)))
            return EndpointRefusal.Metadata;
        return Array.Find(_ranges, range => range.Network.Contains(address)).Refusal;
    }
}
