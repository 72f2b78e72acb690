using System.Globalization;
using System.Net;
using Executor.Server.Configuration;

namespace Executor.Silo.Hosting;

/// <summary>How this silo meets the others. Everything else it has from the settings of every node.</summary>
internal sealed record SiloSettings
{
    /// <summary>Where other silos reach this one, and the only address that it listens on for them.</summary>
    public required IPAddress Address { get; init; }

    public required int Port { get; init; }

    public required string ClusterId { get; init; }

    /// <summary>How often silos probe each other, and how long each waits for the answer.</summary>
    public required TimeSpan ProbeTimeout { get; init; }

    /// <summary>So many probes in a row without an answer are a vote for a silo's death.</summary>
    public required int MissedProbes { get; init; }

    /// <exception cref="ConfigurationException">Names everything that is wrong.</exception>
    public static SiloSettings Read(Func<string, string?> environment)
    {
        var errors = new List<string>();
        var settings = new SiloSettings
        {
            Address = ReadAddress(),
            Port = ReadInteger("SILO_PORT", 11_111, 1, 65_535),
            ClusterId = environment("SILO_CLUSTER_ID") is { Length: > 0 } id ? id : "executor",
            ProbeTimeout = TimeSpan.FromMilliseconds(ReadInteger("SILO_PROBE_TIMEOUT_MS", 1000, 100, 60_000)),
            MissedProbes = ReadInteger("SILO_MISSED_PROBES", 3, 1, 100),
        };
        return errors.Count == 0 ? settings : throw ConfigurationException.From(errors);

        IPAddress ReadAddress()
        {
            if (environment("SILO_ADDRESS") is not { Length: > 0 } text)
                return IPAddress.Loopback;
            if (IPAddress.TryParse(text, out var address) && !address.Equals(IPAddress.Any) && !address.Equals(IPAddress.IPv6Any))
                return address;
            errors.Add("SILO_ADDRESS: must be the IP address of one interface, as other silos reach it.");
            return IPAddress.Loopback;
        }

        int ReadInteger(string name, int fallback, int minimum, int maximum)
        {
            if (environment(name) is not { Length: > 0 } text)
                return fallback;
            if (int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number >= minimum && number <= maximum)
                return number;
            errors.Add($"{name}: must be an integer from {minimum} to {maximum}.");
            return fallback;
        }
    }
}
