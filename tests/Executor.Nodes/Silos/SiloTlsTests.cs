using System.Globalization;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Executor.Sandbox.OAuth;
using Executor.Security;
using Executor.Silo.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Orleans.Configuration;

namespace Executor.Nodes.Silos;

public sealed class SiloTlsTests
{
    private const string Serve = "1.3.6.1.5.5.7.3.1";
    private const string Ask = "1.3.6.1.5.5.7.3.2";

    [PostgresFact]
    public async Task Silos_with_certificates_of_their_authority_work_together_and_admit_nobody_else()
    {
        await using var cluster = await Cluster.StartAsync(0);
        using var authority = Authority();
        var tls = await WriteAsync(cluster, authority);
        var port = Ports.Free();
        var first = await cluster.AddNodeAsync([.. tls, ("SILO_PORT", $"{port}")]);
        var second = await cluster.AddNodeAsync(tls);
        var grant = cluster.Sandbox.OAuth.Mint(ProviderBehaviour.Strict);
        await first.As(1).DepositAsync("strict", grant, cluster.Sandbox);

        foreach (var node in new[] { first, second })
            Assert.Equal(HttpStatusCode.OK, (await node.As(1).ListToolsAsync("strict")).Status);
        Assert.Equal(1, cluster.Sandbox.OAuth.Status(grant.GrantId)!.Issued);

        using var stranger = Authority();
        Assert.True(await IsAdmittedAsync(port, Issue(authority)));
        Assert.True(await IsAdmittedAsync(port, Issue(authority, purposes: [Serve, Ask])));
        Assert.False(await IsAdmittedAsync(port, Issue(authority, purposes: [Serve])));
        Assert.False(await IsAdmittedAsync(port, Issue(authority, until: DateTimeOffset.UtcNow.AddHours(-1))));
        Assert.False(await IsAdmittedAsync(port, Issue(stranger)));
        Assert.False(await IsAdmittedAsync(port, certificate: null));
    }

    [PostgresFact]
    public async Task Silos_without_certificates_of_their_own_take_whoever_has_their_key_and_nobody_else()
    {
        await using var cluster = await Cluster.StartAsync(0);
        var port = Ports.Free();
        await cluster.AddNodeAsync(("SILO_PORT", $"{port}"));

        using var stranger = Authority();
        Assert.True(await IsAdmittedAsync(port, SiloAuthority.Issue(KeyOf(TestTokens.EncryptionKey))));
        Assert.False(await IsAdmittedAsync(port, SiloAuthority.Issue(KeyOf(new string('c', 64)))));
        Assert.False(await IsAdmittedAsync(port, Issue(stranger)));
        Assert.False(await IsAdmittedAsync(port, certificate: null));
    }

    /// <summary>Somebody can write to the database, and so make silos connect to where nobody has their key.</summary>
    [PostgresFact]
    public async Task Silo_says_nothing_to_a_listener_without_its_clusters_key_and_gives_up_joining_in_plain_words()
    {
        await using var cluster = await Cluster.StartAsync(0);
        await using var first = await HostedNode.StartAsync("first", cluster);
        using var stranger = Authority();
        using var impostor = new Impostor(Issue(stranger));
        await cluster.ScalarAsync<object>($"""
            INSERT INTO silo_members SELECT cluster_id, '127.0.0.1', {impostor.Port}, 1, 'impostor', 'impostor', 3, 0, NULL, now(), now() + interval '1 hour'
            FROM silo_members
            """);

        var failure = await Assert.ThrowsAnyAsync<Exception>(() => HostedNode.StartAsync(
            "second", cluster, node => node.Services.Configure<ClusterMembershipOptions>(join => join.MaxJoinAttemptTime = TimeSpan.FromSeconds(3))));

        Assert.Contains("cannot exchange messages with the silos", StartFailures.Explain(failure, hasStarted: false), StringComparison.Ordinal);
        Assert.NotEqual(0, impostor.Calls);
        Assert.Equal(0, impostor.Heard);
    }

    [PostgresFact]
    public async Task Half_a_configuration_is_refused_in_plain_words()
    {
        await using var cluster = await Cluster.StartAsync(0);

        var refused = await Assert.ThrowsAsync<InvalidOperationException>(
            () => cluster.AddNodeAsync(("SILO_TLS_CERTIFICATE", "/nowhere/silo.crt"), ("SILO_ADDRESS", "0.0.0.0")));

        Assert.Contains("SILO_TLS_KEY: is required", refused.Message, StringComparison.Ordinal);
        Assert.Contains("SILO_ADDRESS: must be", refused.Message, StringComparison.Ordinal);
    }

    /// <summary>A connection that shows the certificate is not closed before it could say something.</summary>
    private static async Task<bool> IsAdmittedAsync(int port, X509Certificate2? certificate)
    {
        using var client = new TcpClient();
        await client.ConnectAsync(IPAddress.Loopback, port);
        await using var stream = new SslStream(client.GetStream());
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        try
        {
            await stream.AuthenticateAsClientAsync(
                new SslClientAuthenticationOptions
                {
                    TargetHost = "silo",
                    ClientCertificates = certificate is null ? null : [certificate],
                    RemoteCertificateValidationCallback = (_, remote, _, _) => remote is not null,
                },
                limit.Token);
            // What a silo says first; one that turns the client away says nothing.
            return await stream.ReadAsync(new byte[1], limit.Token) > 0;
        }
        catch (Exception refused) when (refused is IOException or AuthenticationException)
        {
            return false;
        }
        finally
        {
            certificate?.Dispose();
        }
    }

    private static EncryptionKey KeyOf(string hex) => Keyring.Create(hex, []).Current!;

    private static X509Certificate2 Authority()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN=authority {Guid.NewGuid():N}", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(certificateAuthority: true, false, 0, critical: true));
        return request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-2), DateTimeOffset.UtcNow.AddDays(2));
    }

    private static X509Certificate2 Issue(X509Certificate2 authority, DateTimeOffset? until = null, string[]? purposes = null)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=silo", key, HashAlgorithmName.SHA256);
        if (purposes is not null)
            request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([.. purposes.Select(purpose => new Oid(purpose))], critical: true));
        var serial = RandomNumberGenerator.GetBytes(12);
        using var issued = request.Create(authority, DateTimeOffset.UtcNow.AddDays(-1), until ?? DateTimeOffset.UtcNow.AddDays(1), serial);
        return SiloTls.Usable(issued.CopyWithPrivateKey(key));
    }

    private static async Task<(string Name, string Value)[]> WriteAsync(Cluster cluster, X509Certificate2 authority)
    {
        using var certificate = Issue(authority);
        using var key = certificate.GetECDsaPrivateKey()!;
        (string Setting, string Pem)[] files =
        [
            ("SILO_TLS_CERTIFICATE", certificate.ExportCertificatePem()),
            ("SILO_TLS_KEY", key.ExportPkcs8PrivateKeyPem()),
            ("SILO_TLS_AUTHORITY", authority.ExportCertificatePem()),
        ];
        foreach (var (setting, pem) in files)
            await File.WriteAllTextAsync(cluster.PathOf(setting), pem);
        return [.. files.Select(file => (file.Setting, cluster.PathOf(file.Setting)))];
    }
}
