using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;

namespace Executor.Nodes.Silos;

/// <summary>Listens as a silo does, with a certificate of its own, takes whoever calls, and counts what it is told.</summary>
internal sealed class Impostor : IDisposable
{
    private readonly X509Certificate2 _certificate;
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _end = new();
    private int _calls;
    private long _heard;

    public Impostor(X509Certificate2 certificate)
    {
        _certificate = certificate;
        _listener.Start();
        _ = ListenAsync();
    }

    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    public int Calls => Volatile.Read(ref _calls);

    /// <summary>Bytes.</summary>
    public long Heard => Volatile.Read(ref _heard);

    public void Dispose()
    {
        _end.Cancel();
        _listener.Dispose();
        _certificate.Dispose();
        _end.Dispose();
    }

    private async Task ListenAsync()
    {
        try
        {
            while (true)
                _ = HearAsync(await _listener.AcceptTcpClientAsync(_end.Token));
        }
        catch (Exception end) when (end is OperationCanceledException or SocketException or ObjectDisposedException)
        {
            // Nobody listens any more.
        }
    }

    private async Task HearAsync(TcpClient caller)
    {
        using var _ = caller;
        Interlocked.Increment(ref _calls);
        try
        {
            await using var stream = new SslStream(caller.GetStream());
            await stream.AuthenticateAsServerAsync(
                new SslServerAuthenticationOptions
                {
                    ServerCertificate = _certificate,
                    ClientCertificateRequired = true,
                    RemoteCertificateValidationCallback = (_, caller, _, _) => caller is not null,
                },
                _end.Token);
            var heard = new byte[4096];
            while (await stream.ReadAsync(heard, _end.Token) is > 0 and var count)
                Interlocked.Add(ref _heard, count);
        }
        catch (Exception refused) when (refused is IOException or AuthenticationException or OperationCanceledException)
        {
            // Turned away.
        }
    }
}
