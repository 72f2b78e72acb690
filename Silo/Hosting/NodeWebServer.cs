using System.Net;
using System.Net.Sockets;
using Executor.Silo.Configuration;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;

namespace Executor.Silo.Hosting;

internal static class NodeWebServer
{
    private const int MaxBodyBytes = 1024 * 1024;

    /// <summary>Limits beyond Kestrel's own. A body slower than its minimum rate (240 bytes a second) is answered 408.</summary>
    public static void UseNodeWebServer(this IWebHostBuilder web, ServerSettings settings)
    {
        var port = settings is { IsHttpLocal: true, HttpPort: 0 } ? FreePort() : settings.HttpPort;
        var host = settings.IsHttpLocal ? "localhost" : settings.HttpHost?.ToString() ?? "*";
        web.UseKestrelCore().ConfigureKestrel(kestrel => Configure(kestrel, settings, port)).ConfigureServices(services =>
        {
            foreach (var (endPoint, isOptional) in EndPoints(settings, port))
                services.AddSingleton(new PortClaim(endPoint, host, Settings.HttpHost.Name, Settings.HttpPort.Name, isOptional));
            services.AddOptions<SocketTransportOptions>().Configure<PortReservation>((sockets, ports) =>
                sockets.CreateBoundListenSocket = endPoint =>
                    ports.Take(Settings.HttpPort, endPoint) ?? SocketTransportOptions.CreateDefaultBoundListenSocket(endPoint));
        });
    }

    private static void Configure(KestrelServerOptions kestrel, ServerSettings settings, int port)
    {
        kestrel.AddServerHeader = false;
        kestrel.Limits.MaxRequestBodySize = MaxBodyBytes;
        kestrel.Limits.MaxRequestHeadersTotalSize = 32 * 1024;
        kestrel.Limits.MaxRequestHeaderCount = 100;
        kestrel.Limits.MaxConcurrentConnections = 20_000;
        kestrel.Limits.RequestHeadersTimeout = TimeSpan.FromSeconds(15);
        kestrel.Limits.KeepAliveTimeout = TimeSpan.FromMinutes(2);
        if (settings.IsHttpLocal)
            kestrel.ListenLocalhost(port);
        else if (settings.HttpHost is { } address)
            kestrel.Listen(new IPEndPoint(address, port));
        else
            kestrel.ListenAnyIP(port);
    }

    /// <summary>What the server is going to ask for.</summary>
    private static IEnumerable<(IPEndPoint EndPoint, bool IsOptional)> EndPoints(ServerSettings settings, int port)
    {
        if (!settings.IsHttpLocal)
            return [(new IPEndPoint(settings.HttpHost ?? (Socket.OSSupportsIPv6 ? IPAddress.IPv6Any : IPAddress.Any), port), false)];
        return [(new IPEndPoint(IPAddress.Loopback, port), false), (new IPEndPoint(IPAddress.IPv6Loopback, port), true)];
    }

    /// <summary>The two loopback addresses have to share one port, which the server does not look for.</summary>
    private static int FreePort()
    {
        using var probe = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        probe.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return ((IPEndPoint)probe.LocalEndPoint!).Port;
    }
}
