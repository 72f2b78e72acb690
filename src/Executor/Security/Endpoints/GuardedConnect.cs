using System.Net;
using System.Net.Sockets;

namespace Executor.Security.Endpoints;

/// <summary>
/// Opens connections for <see cref="SocketsHttpHandler"/>. It resolves the name itself and connects to the very addresses that it
/// checked. So a name that resolves differently the next time gains nothing.
/// </summary>
public sealed class GuardedConnect(EndpointGuard guard, Func<string, CancellationToken, Task<IPAddress[]>> resolve)
{
    /// <summary>A <see cref="SocketsHttpHandler.ConnectCallback"/>.</summary>
    /// <exception cref="EndpointRefusedException">The endpoint, or any one address of its name, is refused.</exception>
    public async ValueTask<Stream> ConnectAsync(SocketsHttpConnectionContext context, CancellationToken cancellationToken)
    {
        // Again here, because it is this check that no caller can forget.
        if (context.InitialRequestMessage.RequestUri is { } uri)
            Demand(guard.CheckUrl(uri.OriginalString));

        var host = context.DnsEndPoint.Host;
        Demand(guard.CheckHost(host));
        var addresses = HostRules.TryRead(host, out _, out var literal) && literal is not null
            ? [literal]
            : await resolve(host, cancellationToken).ConfigureAwait(false);

        // One bad address refuses the name: an honest provider's does not resolve to both a public and an internal service.
        foreach (var address in addresses)
            Demand(guard.CheckAddress(address));
        return await ConnectToAnyAsync(addresses, context.DnsEndPoint.Port, cancellationToken).ConfigureAwait(false);
    }

    private static async Task<NetworkStream> ConnectToAnyAsync(IPAddress[] addresses, int port, CancellationToken cancellationToken)
    {
        SocketException? last = null;
        foreach (var address in addresses)
        {
            Socket? socket = null;
            try
            {
                socket = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
                await socket.ConnectAsync(address, port, cancellationToken).ConfigureAwait(false);
                return new NetworkStream(socket, ownsSocket: true);
            }
            catch (SocketException exception)
            {
                socket?.Dispose();
                last = exception;
            }
            catch
            {
                socket?.Dispose();
                throw;
            }
        }

        throw last ?? new SocketException((int)SocketError.HostNotFound);
    }

    private static void Demand(EndpointVerdict verdict)
    {
        if (!verdict.IsAllowed)
            throw new EndpointRefusedException(verdict);
    }
}
