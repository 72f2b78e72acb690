using System.Net;
using System.Net.Sockets;

namespace Executor.Testing;

/// <summary>For programs that take no port by themselves.</summary>
internal static class Ports
{
    /// <summary>Below those that outgoing connections are given, so that nobody has it while its server is down.</summary>
    public static int Free()
    {
        while (true)
        {
            var port = Random.Shared.Next(20_000, 32_000);
            using var probe = new TcpListener(IPAddress.Loopback, port);
            try
            {
                probe.Start();
                return port;
            }
            catch (SocketException)
            {
                // Somebody has it.
            }
        }
    }
}
