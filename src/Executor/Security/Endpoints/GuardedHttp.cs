using System.Net;

namespace Executor.Security.Endpoints;

public sealed record GuardedHttpOptions
{
    /// <summary>For resolving, connecting and the TLS handshake together.</summary>
    public TimeSpan ConnectTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>
    /// Off for token endpoints. When a pooled connection turns out to be closed, the handler sends the request a second time by itself. A
    /// refresh token must not be sent twice.
    /// </summary>
    public bool ReuseConnections { get; init; }

    /// <summary>See <see cref="OutgoingTrace"/>.</summary>
    public bool SendTraceparent { get; init; }

    /// <summary>With a proxy it is the proxy that resolves and connects, and so has to do the guarding.</summary>
    public IWebProxy? Proxy { get; init; }

    public Func<string, CancellationToken, Task<IPAddress[]>> Resolve { get; init; } = Dns.GetHostAddressesAsync;
}

public static class GuardedHttp
{
    private const int MaxResponseHeadersKilobytes = 16;

    public static SocketsHttpHandler CreateHandler(EndpointGuard guard, GuardedHttpOptions? options = null)
    {
        options ??= new GuardedHttpOptions();
        var handler = new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            UseCookies = false,
            UseProxy = options.Proxy is not null,
            Proxy = options.Proxy,
            AutomaticDecompression = DecompressionMethods.None, // a small compressed body must not become a huge one
            ConnectTimeout = options.ConnectTimeout,
            MaxResponseHeadersLength = MaxResponseHeadersKilobytes,
            MaxResponseDrainSize = 0,
            ActivityHeadersPropagator = OutgoingTrace.For(options.SendTraceparent),
        };
        if (!options.ReuseConnections)
            handler.PooledConnectionLifetime = TimeSpan.Zero;
        if (options.Proxy is null)
            handler.ConnectCallback = new GuardedConnect(guard, options.Resolve).ConnectAsync;
        return handler;
    }
}
