using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;
using Executor.Security;
using Executor.Silo.Hosting;

namespace Executor.Silo.Configuration;

/// <summary>How this silo meets the others of its database's cluster.</summary>
internal sealed record SiloSettings
{
    /// <summary>Where other silos reach this one, and the only address that it listens on for them.</summary>
    public required IPAddress Address { get; init; }

    /// <summary>0 for a free one.</summary>
    public required int Port { get; init; }

    /// <summary>Null for the database's own, with <see cref="Apart"/>.</summary>
    public required string? ClusterId { get; init; }

    /// <summary>
    /// What silos must have in common to talk to each other at all: the kind of protection, and the machine where they keep to it. Silos
    /// that have not are clusters of their own, which the database allows. Otherwise they would give each other up for dead.
    /// </summary>
    public required string Apart { get; init; }

    /// <summary>How often silos probe each other, and how long each waits for the answer.</summary>
    public required TimeSpan ProbeTimeout { get; init; }

    /// <summary>So many probes in a row without an answer are a vote for a silo's death.</summary>
    public required int MissedProbes { get; init; }

    /// <summary>Null for traffic in the clear, on this machine only.</summary>
    public required SiloTls? Tls { get; init; }

    public IPEndPoint EndPoint => new(Address, Port);

    public static SiloSettings Read(SettingValues values, Keyring keys, bool isDevelopment)
    {
        var own = SiloTls.Read(values);
        var tls = own ?? SiloTls.Of(keys);
        var address = ReadAddress(values, isProtected: tls is not null, isDevelopment);
        return new SiloSettings
        {
            Address = address,
            Apart = (own is not null ? "-certificates" : tls is not null ? "" : "-clear") + (IPAddress.IsLoopback(address) ? $"@{Environment.MachineName}" : ""),
            Port = values.Integer(Settings.SiloPort, 11_111, 0, 65_535),
            ClusterId = values.Find(Settings.SiloClusterId),
            ProbeTimeout = TimeSpan.FromMilliseconds(values.Integer(Settings.SiloProbeTimeout, 1000, 100, 60_000)),
            MissedProbes = values.Integer(Settings.SiloMissedProbes, 3, 1, 100),
            Tls = tls,
        };
    }

    private static IPAddress ReadAddress(SettingValues values, bool isProtected, bool isDevelopment)
    {
        if (values.Find(Settings.SiloAddress) is { } text)
        {
            if (!IPAddress.TryParse(text, out var address) || !IsOfOneInterface(address) || !IsWrittenOut(text, address))
                values.Refuse(Settings.SiloAddress, "must be the IP address of one interface, as other silos reach it.");
            else if (!isProtected && !IPAddress.IsLoopback(address))
                values.Refuse(Settings.SiloAddress, $"needs {Settings.EncryptionKey.Name} or {Settings.SiloTlsCertificate.Name}: without either, whoever reaches the port is a silo.");
            else
                return address;
            return IPAddress.Loopback;
        }

        if (isDevelopment || !isProtected)
            return IPAddress.Loopback;

        // Silos of two machines that both call themselves so would declare each other dead in turn.
        var own = OwnAddresses();
        if (own.Count > 1)
            values.Refuse(Settings.SiloAddress, $"is required, because this machine has several addresses: {string.Join(", ", own)}. Name the one at which other silos reach it.");
        return own.Count == 1 ? own[0] : IPAddress.Loopback;
    }

    /// <summary>Those that others can reach, and of these IPv4's where there are any.</summary>
    private static List<IPAddress> OwnAddresses()
    {
        var all = NetworkInterface.GetAllNetworkInterfaces()
            .Where(each => each.OperationalStatus == OperationalStatus.Up && each.NetworkInterfaceType != NetworkInterfaceType.Loopback)
            .SelectMany(each => each.GetIPProperties().UnicastAddresses)
            .Select(each => each.Address)
            .Where(address => !IPAddress.IsLoopback(address) && !address.IsIPv6LinkLocal && !IsLinkLocal(address))
            .Distinct()
            .ToList();
        var old = all.Where(address => address.AddressFamily == AddressFamily.InterNetwork).ToList();
        return old.Count > 0 ? old : all;
    }

    private static bool IsLinkLocal(IPAddress address) =>
        address.AddressFamily == AddressFamily.InterNetwork && address.GetAddressBytes() is [169, 254, ..];

    private static bool IsOfOneInterface(IPAddress address) =>
        !address.Equals(IPAddress.Any) && !address.Equals(IPAddress.IPv6Any)
        && !address.IsIPv6Multicast && !address.IsIPv6LinkLocal && !address.IsIPv4MappedToIPv6
        && (address.AddressFamily != AddressFamily.InterNetwork || address.GetAddressBytes()[0] is > 0 and < 224);

    /// <summary>Short forms of IPv4 (10.1, or a number) are more often mistyped than meant.</summary>
    private static bool IsWrittenOut(string text, IPAddress address) =>
        address.AddressFamily != AddressFamily.InterNetwork || string.Equals(text, address.ToString(), StringComparison.Ordinal);
}
