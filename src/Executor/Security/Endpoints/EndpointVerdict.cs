namespace Executor.Security.Endpoints;

/// <summary>Whether an endpoint may be called. Never holds the URL: it may carry a password, and verdicts are logged and answered.</summary>
public readonly record struct EndpointVerdict(EndpointRefusal Refusal)
{
    public static readonly EndpointVerdict Allowed;

    public bool IsAllowed => Refusal == EndpointRefusal.None;

    public string Text => Refusal switch
    {
        EndpointRefusal.None => "is allowed",
        EndpointRefusal.TooLong => $"is longer than {EndpointGuard.MaxUrlLength} characters",
        EndpointRefusal.ControlCharacters => "contains control characters",
        EndpointRefusal.NotAbsolute => "is not a valid absolute URL",
        EndpointRefusal.Scheme => "must use https",
        EndpointRefusal.TlsRequired => "must use https, not http",
        EndpointRefusal.UserInfo => "must not contain a user name or password",
        EndpointRefusal.InvalidHost => "must name its host in ASCII, as a DNS name or an IP address",
        EndpointRefusal.Loopback => "points at this machine (loopback)",
        EndpointRefusal.LinkLocal => "points at a link-local address",
        EndpointRefusal.Unspecified => "points at the unspecified address",
        EndpointRefusal.Multicast => "points at a multicast or broadcast address",
        EndpointRefusal.Metadata => "points at a cloud metadata service",
        EndpointRefusal.NotAllowlisted => "is not among the token endpoints allowed for this server",
        _ => "is not allowed",
    };

    public override string ToString() => $"{Refusal}: {Text}";
}
