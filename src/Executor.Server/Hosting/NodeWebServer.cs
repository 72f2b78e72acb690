using System.Net;
using System.Net.Sockets;
using Executor.Server.Configuration;

namespace Executor.Server.Hosting;

internal static class NodeWebServer
{
    private const int MaxBodyBytes = 1024 * 1024;

    /// <summary>Limits beyond Kestrel's own. A body slower than its minimum rate (240 bytes a second) is answered 408.</summary>
    public static void UseNodeWebServer(this IWebHostBuilder web, ServerSettings settings) => web.UseKestrelCore().ConfigureKestrel(kestrel =>
    {
        kestrel.AddServerHeader = false;
        kestrel.Limits.MaxRequestBodySize = MaxBodyBytes;
        kestrel.Limits.MaxRequestHeadersTotalSize = 32 * 1024;
        kestrel.Limits.MaxRequestHeaderCount = 100;
        kestrel.Limits.MaxConcurrentConnections = 20_000;
        kestrel.Limits.RequestHeadersTimeout = TimeSpan.FromSeconds(15);
        kestrel.Limits.KeepAliveTimeout = TimeSpan.FromMinutes(2);
        if (settings.IsHttpLocal)
            kestrel.ListenLocalhost(settings.HttpPort > 0 ? settings.HttpPort : FreePort());
        else if (settings.HttpHost is { } address)
            kestrel.Listen(new IPEndPoint(address, settings.HttpPort));
        else
            kestrel.ListenAnyIP(settings.HttpPort);
    });

    /// <summary>The two loopback addresses have to share one port, which the server does not look for.</summary>
    private static int FreePort()
    {
        using var probe = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        probe.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return ((IPEndPoint)probe.LocalEndPoint!).Port;
    }
}
