using System.Net;
using Executor.Security.Endpoints;

namespace Executor.Mcp.Http;

/// <summary>
/// The HTTP client of all MCP traffic. TCP connections are shared between users; nothing that belongs to a user lives below
/// <see cref="UpstreamHandler"/>.
/// </summary>
internal static class UpstreamHttp
{
    public static HttpClient Create(McpOptions options, TimeProvider time)
    {
        var sockets = new SocketsHttpHandler
        {
            // A redirect would carry the bearer to a place that nobody configured.
            AllowAutoRedirect = false,
            UseCookies = false,
            UseProxy = options.Proxy is not null,
            Proxy = options.Proxy is null ? null : new WebProxy(options.Proxy),
            Credentials = null,
            // Decoded by ContentDecoding, so that what counts is what comes out of it.
            AutomaticDecompression = DecompressionMethods.None,
            ActivityHeadersPropagator = OutgoingTrace.For(options.SendTraceparent),
            ConnectTimeout = options.ConnectTimeout,
            // A connection that the server closes while a call is being written leaves that call's effect unknown: be the first to close.
            PooledConnectionIdleTimeout = TimeSpan.FromSeconds(30),
            // DNS changes are seen.
            PooledConnectionLifetime = TimeSpan.FromMinutes(5),
            MaxResponseHeadersLength = 32,
            MaxResponseDrainSize = 64 * 1024,
            ResponseDrainTimeout = TimeSpan.FromSeconds(1),
        };
        return new HttpClient(new UpstreamHandler(sockets, time)) { Timeout = Timeout.InfiniteTimeSpan };
    }
}
