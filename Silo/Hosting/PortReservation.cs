using System.Net;
using System.Net.Sockets;
using Executor.Silo.Configuration;

namespace Executor.Silo.Hosting;

/// <summary>An address to listen on, and the settings that it comes from.</summary>
/// <param name="Host">As the operator knows it.</param>
/// <param name="IsOptional">One of several for the same port; it may be missing on this machine, though not be taken.</param>
internal sealed record PortClaim(IPEndPoint EndPoint, string Host, string HostSetting, string PortSetting, bool IsOptional = false);

/// <summary>
/// Takes every port of the node before anything else is started: a node that cannot listen joins no cluster and writes nothing. The
/// sockets listen from here on, since two of them may both be bound to one port. Whoever connects early waits until the node accepts.
/// </summary>
internal sealed class PortReservation(IEnumerable<PortClaim> claims) : IDisposable
{
    private const int Backlog = 512;

    private readonly Lock _gate = new();
    private readonly Dictionary<(string Setting, EndPoint EndPoint), Socket> _held = [];
    private readonly Dictionary<string, int> _ports = new(StringComparer.Ordinal);

    /// <exception cref="PortException">Names the port, what is wrong with it, and the settings.</exception>
    public void Reserve()
    {
        foreach (var claim in claims)
        {
            if (Listen(claim) is not { } socket)
                continue;
            lock (_gate)
            {
                _held.Add((claim.PortSetting, claim.EndPoint), socket);
                _ports[claim.PortSetting] = ((IPEndPoint)socket.LocalEndPoint!).Port;
            }
        }
    }

    /// <summary>The port that was reserved, a free one where the setting asks for one.</summary>
    public int PortOf(Setting setting)
    {
        lock (_gate)
            return _ports[setting.Name];
    }

    /// <summary>Hands a socket to the server that is to accept on it; null when none was reserved for the address.</summary>
    public Socket? Take(Setting setting, EndPoint endPoint)
    {
        lock (_gate)
            return _held.Remove((setting.Name, endPoint), out var socket) ? socket : null;
    }

    public void Dispose()
    {
        lock (_gate)
        {
            foreach (var socket in _held.Values)
                socket.Dispose();
            _held.Clear();
        }
    }

    private static Socket? Listen(PortClaim claim)
    {
        var endPoint = claim.EndPoint;
        Socket? socket = null;
        try
        {
            socket = new Socket(endPoint.AddressFamily, SocketType.Stream, ProtocolType.Tcp);

            // Windows lets others listen beside it otherwise. Elsewhere that is the default, and address reuse is for the remains of closed connections.
            if (OperatingSystem.IsWindows())
                socket.ExclusiveAddressUse = true;
            if (endPoint.Address.Equals(IPAddress.IPv6Any))
                socket.DualMode = true;
            socket.Bind(endPoint);
            socket.Listen(Backlog);
            return socket;
        }
        catch (SocketException fault)
        {
            socket?.Dispose();
            return claim.IsOptional && fault.SocketErrorCode is SocketError.AddressNotAvailable or SocketError.AddressFamilyNotSupported
                ? null
                : throw new PortException(claim, fault);
        }
    }
}

/// <summary>The node cannot listen where it is told to.</summary>
internal sealed class PortException(PortClaim claim, SocketException fault) : IOException(Describe(claim, fault.SocketErrorCode), fault)
{
    private static string Describe(PortClaim claim, SocketError error)
    {
        var (port, host, where) = (claim.PortSetting, claim.HostSetting, $"{claim.Host}:{claim.EndPoint.Port}");
        return error switch
        {
            SocketError.AddressAlreadyInUse =>
                $"{port}: {where} is in use by another process. Stop that one, or set another {port}.",
            SocketError.AddressNotAvailable => $"{host}: {where} is not an address of this machine.",
            SocketError.AccessDenied =>
                $"{port}: this user may not listen at {where}. Ports below 1024 are mostly kept for the administrator: set another {port}.",
            SocketError.AddressFamilyNotSupported => $"{host}: this machine does not have the kind of address that {where} is.",
            _ => $"{port}: the node cannot listen at {where} ({error}).",
        };
    }
}
