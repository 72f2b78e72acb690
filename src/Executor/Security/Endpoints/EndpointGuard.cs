using System.Net;

namespace Executor.Security.Endpoints;

/// <summary>
/// Decides which token endpoints a node may call, since users choose them. The check of the URL gives an early, readable answer. The
/// check that counts is made on the resolved address when connecting, because a name may resolve to anything at any time.
/// </summary>
public sealed class EndpointGuard(EndpointPolicy policy)
{
    /// <summary>As long as the store keeps one.</summary>
    public const int MaxUrlLength = 2048;

    private bool IsDevelopment => policy == EndpointPolicy.Development;

    public EndpointVerdict CheckUrl(string url)
    {
        var (uri, host, refusal) = EndpointUrl.Parse(url);
        if (uri is null)
            return Refuse(refusal);
        if (uri.Scheme != Uri.UriSchemeHttps && !IsDevelopment)
            return Refuse(EndpointRefusal.TlsRequired);
        return CheckHost(host);
    }

    /// <param name="url">The endpoint.</param>
    /// <param name="allowlist">The only endpoints allowed, compared whole after normalisation. None: all are; empty: none is.</param>
    public EndpointVerdict CheckUrl(string url, IReadOnlyCollection<Uri>? allowlist)
    {
        var verdict = CheckUrl(url);
        if (!verdict.IsAllowed || allowlist is null)
            return verdict;

        var normal = EndpointUrl.Normalise(new Uri(url));
        return allowlist.Any(allowed => EndpointUrl.Normalise(allowed) == normal) ? verdict : Refuse(EndpointRefusal.NotAllowlisted);
    }

    /// <summary>Judges by the IPv4 address that an IPv6 one embeds, if it does. Private networks are allowed.</summary>
    public EndpointVerdict CheckAddress(IPAddress address)
    {
        var refusal = AddressRules.Classify(address);
        return refusal == EndpointRefusal.Loopback && IsDevelopment ? EndpointVerdict.Allowed : Refuse(refusal);
    }

    /// <summary>A host as a URL's parser or a connection gives it: a name or an IP literal, with or without brackets.</summary>
    internal EndpointVerdict CheckHost(string host)
    {
        if (!HostRules.TryRead(host, out var name, out var address))
            return Refuse(EndpointRefusal.InvalidHost);
        if (address is not null)
            return CheckAddress(address);
        if (HostRules.IsMetadata(name))
            return Refuse(EndpointRefusal.Metadata);
        return HostRules.IsLoopback(name) && !IsDevelopment ? Refuse(EndpointRefusal.Loopback) : EndpointVerdict.Allowed;
    }

    private static EndpointVerdict Refuse(EndpointRefusal refusal) => new(refusal);
}
