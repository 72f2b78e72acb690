using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Executor.Security;
using Executor.Silo.Configuration;
using Orleans.Connections.Security;

namespace Executor.Silo.Hosting;

/// <summary>
/// Both ends of a connection between silos show a certificate, which is good for a server and a client. An authority has signed it that
/// signs for silos and nobody else: the operators' own, or one that is derived from the encryption key. The certificate says that they
/// are silos of this cluster. Which address they have does not matter.
/// </summary>
/// <param name="loadCertificate">This silo's own, asked for each connection.</param>
/// <param name="loadAuthorities">Whose certificates are taken, asked for each connection.</param>
internal sealed class SiloTls(Func<X509Certificate2> loadCertificate, Func<X509Certificate2Collection> loadAuthorities)
{
    private static readonly Oid _serverPurpose = new("1.3.6.1.5.5.7.3.1");
    private static readonly Oid _clientPurpose = new("1.3.6.1.5.5.7.3.2");

    /// <summary>By files, which may be replaced while the silo runs.</summary>
    /// <returns>Null when nothing is set, or something is wrong.</returns>
    public static SiloTls? Read(SettingValues values)
    {
        Setting[] all = [Settings.SiloTlsCertificate, Settings.SiloTlsKey, Settings.SiloTlsAuthority];
        var missing = all.Where(setting => !values.Has(setting)).ToList();
        if (missing.Count == all.Length)
            return null;
        foreach (var setting in missing)
            values.Refuse(setting, "is required beside the other parts of TLS.");
        if (missing.Count > 0)
            return null;

        var (certificate, key, authority) = (values.Find(all[0])!, values.Find(all[1])!, values.Find(all[2])!);
        var tls = new SiloTls(
            () => Usable(X509Certificate2.CreateFromPemFile(certificate, key)),
            () =>
            {
                var authorities = new X509Certificate2Collection();
                authorities.ImportFromPemFile(authority);
                return authorities;
            });
        try
        {
            using var own = tls.Certificate();
            using var chain = new X509Chain { ChainPolicy = tls.Policy() };
            if (!chain.Build(own))
                values.Refuse(all[0], $"is not valid now, not signed by {all[2].Name}, or not meant for both server and client.");
        }
        catch (Exception unreadable) when (unreadable is CryptographicException or IOException or UnauthorizedAccessException)
        {
            values.Refuse(all[0], $"this, {all[1].Name} and {all[2].Name} must name PEM files that this process can read, the key being the certificate's.");
        }

        return tls;
    }

    /// <summary>
    /// By the encryption key. Every silo of a cluster has it, and nobody else: each makes the same authority of it. The authorities of
    /// all keys are trusted, so that keys are rotated while silos run.
    /// </summary>
    /// <returns>Null without a key.</returns>
    public static SiloTls? Of(Keyring keys)
    {
        if (!keys.HasKey)
            return null;
        var certificate = SiloAuthority.Issue(keys.Current);
        var authorities = new X509Certificate2Collection(keys.All.Select(SiloAuthority.Certificate).ToArray());
        return new SiloTls(() => certificate, () => authorities);
    }

    /// <summary>Not every platform takes a key for TLS that never was in a store or a file of its own.</summary>
    public static X509Certificate2 Usable(X509Certificate2 certificate)
    {
        using (certificate)
            return X509CertificateLoader.LoadPkcs12(certificate.Export(X509ContentType.Pkcs12), password: null);
    }

    public void Use(ISiloBuilder silo) => silo.UseTls(tls =>
    {
        tls.LocalCertificate = Certificate(); // asked for beside the selectors, which go before it
        tls.LocalServerCertificateSelector = (_, _) => Certificate();
        tls.LocalClientCertificateSelector = (_, _, _, _, _) => Certificate();
        tls.RemoteCertificateMode = RemoteCertificateMode.RequireCertificate;
        tls.ClientCertificateMode = RemoteCertificateMode.RequireCertificate;
        tls.RemoteCertificateValidation = (_, _, errors) => (errors & ~SslPolicyErrors.RemoteCertificateNameMismatch) == SslPolicyErrors.None;
        tls.OnAuthenticateAsServer = (_, server) =>
            ((SslServerAuthenticationOptions)server.SslServerAuthenticationOptions).CertificateChainPolicy = Policy();
        tls.OnAuthenticateAsClient = (_, client) =>
        {
            client.TargetHost = "silo";
            ((SslClientAuthenticationOptions)client.SslClientAuthenticationOptions).CertificateChainPolicy = Policy();
        };
    });

    private X509Certificate2 Certificate() => loadCertificate();

    private X509ChainPolicy Policy()
    {
        var policy = new X509ChainPolicy
        {
            TrustMode = X509ChainTrustMode.CustomRootTrust,
            RevocationMode = X509RevocationMode.NoCheck, // a private authority's list is seldom on the network
            DisableCertificateDownloads = true, // a stranger's certificate names no address that a silo should ask
        };
        policy.CustomTrustStore.AddRange(loadAuthorities());
        policy.ApplicationPolicy.Add(_serverPurpose);
        policy.ApplicationPolicy.Add(_clientPurpose);
        return policy;
    }
}
