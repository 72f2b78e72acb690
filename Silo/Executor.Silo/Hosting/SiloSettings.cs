using System.Net;
using System.Net.Sockets;
using Executor.Server.Configuration;

namespace Executor.Silo.Hosting;

/// <summary>How this silo meets the others. Everything else it has from the settings of every node.</summary>
internal sealed record SiloSettings
{
    private static readonly Setting _address = new("SILO_ADDRESS", "IP address");
    private static readonly Setting _port = new("SILO_PORT", "port");
    private static readonly Setting _clusterId = new("SILO_CLUSTER_ID", "name");
    private static readonly Setting _probeTimeout = new("SILO_PROBE_TIMEOUT_MS", "milliseconds");
    private static readonly Setting _missedProbes = new("SILO_MISSED_PROBES", "count");
    private static readonly Dictionary<string, string> _noFile = [];

    /// <summary>Where other silos reach this one, and the only address that it listens on for them.</summary>
    public required IPAddress Address { get; init; }

    public required int Port { get; init; }

    public required string ClusterId { get; init; }

    /// <summary>How often silos probe each other, and how long each waits for the answer.</summary>
    public required TimeSpan ProbeTimeout { get; init; }

    /// <summary>So many probes in a row without an answer are a vote for a silo's death.</summary>
    public required int MissedProbes { get; init; }

    /// <summary>Null for traffic in the clear.</summary>
    public required SiloTls? Tls { get; init; }

    /// <exception cref="ConfigurationException">Names everything that is wrong.</exception>
    public static SiloSettings Read(Func<string, string?> environment)
    {
        var errors = new List<string>();
        var values = new SettingValues(CommandLine.Parse([], errors), environment, _noFile, errors);
        var settings = new SiloSettings
        {
            Address = ReadAddress(values),
            Port = values.Integer(_port, 11_111, 1, 65_535),
            ClusterId = values.Find(_clusterId) ?? "executor",
            ProbeTimeout = TimeSpan.FromMilliseconds(values.Integer(_probeTimeout, 1000, 100, 60_000)),
            MissedProbes = values.Integer(_missedProbes, 3, 1, 100),
            Tls = SiloTls.Read(values),
        };
        return errors.Count == 0 ? settings : throw ConfigurationException.From(errors);
    }

    private static IPAddress ReadAddress(SettingValues values)
    {
        if (values.Find(_address) is not { } text)
        {
            // Silos of two machines that both call themselves so would declare each other dead in turn.
            if (!string.Equals(values.Find(Settings.Environment), "Development", StringComparison.OrdinalIgnoreCase))
                values.Refuse(_address, "is required: the IP address of one interface, as other silos reach it.");
            return IPAddress.Loopback;
        }

        if (text.AsSpan().ContainsAny('.', ':') && IPAddress.TryParse(text, out var address) && IsOfOneInterface(address))
            return address;
        values.Refuse(_address, "must be the IP address of one interface, as other silos reach it.");
        return IPAddress.Loopback;
    }

    private static bool IsOfOneInterface(IPAddress address)
    {
        var plain = address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;
        return !plain.Equals(IPAddress.Any) && !plain.Equals(IPAddress.IPv6Any) && !plain.IsIPv6Multicast
            && (plain.AddressFamily != AddressFamily.InterNetwork || plain.GetAddressBytes()[0] is > 0 and < 224);
    }
}
