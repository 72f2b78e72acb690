namespace Executor.Security.Endpoints;

public enum EndpointRefusal
{
    None = 0,
    TooLong,
    ControlCharacters,
    NotAbsolute,
    Scheme,
    TlsRequired,
    UserInfo,
    InvalidHost,
    Loopback,
    LinkLocal,
    Unspecified,
    Multicast,
    Metadata,
    NotAllowlisted,
}
