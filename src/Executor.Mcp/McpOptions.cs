namespace Executor.Mcp;

/// <summary>Limits of the MCP client. None of them can be switched off.</summary>
public sealed class McpOptions
{
    /// <summary>Open connections over all users and servers; beyond it the least recently used idle one is closed. Default 1,000.</summary>
    public int MaxConnections { get; set; } = 1_000;

    /// <summary>Tool calls in flight to one server; more are refused as busy. Default 128.</summary>
    public int MaxCallsPerServer { get; set; } = 128;

    /// <summary>Listings in flight at one server; more wait for their turn, fairly over users. Default 64.</summary>
    public int MaxListingsPerServer { get; set; } = 64;

    /// <summary>How long an unused connection stays open. Default 5 minutes.</summary>
    public TimeSpan IdleTimeout { get; set; } = TimeSpan.FromMinutes(5);

    /// <summary>TCP and TLS. Default 5 s.</summary>
    public TimeSpan ConnectTimeout { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>Negotiation of the protocol with a server, beyond the callers' own limits. Default 15 s.</summary>
    public TimeSpan HandshakeTimeout { get; set; } = TimeSpan.FromSeconds(15);

    /// <summary>A whole tool listing, connection and all pages included; and, before it, the wait for a turn. Default 15 s.</summary>
    public TimeSpan ListTimeout { get; set; } = TimeSpan.FromSeconds(15);

    /// <summary>A listing made before a call, to know what the call has to say in headers. Default 5 s.</summary>
    public TimeSpan LookUpTimeout { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>How long a server is given to take the word that a call was cancelled. Default 2 s.</summary>
    public TimeSpan CancelTimeout { get; set; } = TimeSpan.FromSeconds(2);

    /// <summary>How long a server is given to say whether it knows a session. Default 5 s.</summary>
    public TimeSpan PingTimeout { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>How long a server is given to end a session. Default 5 s.</summary>
    public TimeSpan CloseTimeout { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>Tools in a listing. Default 1,000.</summary>
    public int MaxTools { get; set; } = 1_000;

    /// <summary>Pages of a listing. Default 1,000.</summary>
    public int MaxListPages { get; set; } = 1_000;

    /// <summary>Bytes of one tool in a listing; a larger one is left out. Default 512 KiB.</summary>
    public int MaxToolBytes { get; set; } = 512 * 1024;

    /// <summary>Bytes of the tools of a listing. Twice as many are read, so that what is too large in it can be left out. Default 4 MiB.</summary>
    public long MaxListBytes { get; set; } = 4 * 1024 * 1024;

    /// <summary>Bytes of the answer to a call. Default 4 MiB.</summary>
    public long MaxResultBytes { get; set; } = 4 * 1024 * 1024;

    /// <summary>The proxy to go through; none unless set, whatever the environment says.</summary>
    public Uri? Proxy { get; set; }

    /// <summary>Tell servers the <c>traceparent</c> of a request; nothing else of the caller's trace is ever told. Default false.</summary>
    public bool SendTraceparent { get; set; }

    internal void Validate()
    {
        long[] counts = [MaxConnections, MaxCallsPerServer, MaxListingsPerServer, MaxTools, MaxListPages, MaxToolBytes, MaxListBytes, MaxResultBytes];
        TimeSpan[] times = [IdleTimeout, ConnectTimeout, HandshakeTimeout, ListTimeout, LookUpTimeout, CancelTimeout, PingTimeout, CloseTimeout];
        if (Array.Exists(counts, c => c <= 0) || Array.Exists(times, t => t <= TimeSpan.Zero))
            throw new InvalidOperationException("Every limit of the MCP client must be greater than zero.");
    }
}
