using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Executor.Server.Configuration;
using Orleans.Connections.Security;

namespace Executor.Silo.Hosting;

/// <summary>
/// Both ends of a connection between silos show a certificate of the operators' own authority, for both purposes. It says that they
/// are silos of this cluster; which address they have is nobody's concern. Files are read anew for each connection.
/// </summary>
internal sealed class SiloTls(string certificatePath, string keyPath, string authorityPath)
{
    private static readonly Setting _certificate = new("SILO_TLS_CERTIFICATE", "PEM file");
    private static readonly Setting _key = new("SILO_TLS_KEY", "PEM file");
    private static readonly Setting _authority = new("SILO_TLS_AUTHORITY", "PEM file");
    private static readonly Oid _serverPurpose = new("1.3.6.1.5.5.7.3.1");
    private static readonly Oid _clientPurpose = new("1.3.6.1.5.5.7.3.2");

    /// <returns>Null when nothing is set, or something is wrong.</returns>
    public static SiloTls? Read(SettingValues values)
    {
        Setting[] all = [_certificate, _key, _authority];
        var missing = all.Where(setting => !values.Has(setting)).ToList();
        if (missing.Count == all.Length)
            return null;
        foreach (var setting in missing)
            values.Refuse(setting, "is required beside the other parts of TLS.");
        if (missing.Count > 0)
            return null;

        var tls = new SiloTls(values.Find(_certificate)!, values.Find(_key)!, values.Find(_authority)!);
        try
        {
            using var own = tls.LoadCertificate();
            using var chain = new X509Chain { ChainPolicy = tls.LoadPolicy() };
            if (!chain.Build(own))
                values.Refuse(_certificate, $"is not valid now, not signed by {_authority.Name}, or not meant for both server and client.");
        }
        catch (Exception unreadable) when (unreadable is CryptographicException or IOException or UnauthorizedAccessException)
        {
            values.Refuse(_certificate, $"this, {_key.Name} and {_authority.Name} must name PEM files that this process can read, the key being the certificate's.");
        }

        return tls;
    }

    public void Use(ISiloBuilder silo) => silo.UseTls(tls =>
    {
        tls.LocalCertificate = LoadCertificate(); // asked for beside the selectors, which go before it
        tls.LocalServerCertificateSelector = (_, _) => LoadCertificate();
        tls.LocalClientCertificateSelector = (_, _, _, _, _) => LoadCertificate();
        tls.RemoteCertificateMode = RemoteCertificateMode.RequireCertificate;
        tls.ClientCertificateMode = RemoteCertificateMode.RequireCertificate;
        tls.RemoteCertificateValidation = (_, _, errors) => (errors & ~SslPolicyErrors.RemoteCertificateNameMismatch) == SslPolicyErrors.None;
        tls.OnAuthenticateAsServer = (_, server) =>
            ((SslServerAuthenticationOptions)server.SslServerAuthenticationOptions).CertificateChainPolicy = LoadPolicy();
        tls.OnAuthenticateAsClient = (_, client) =>
        {
            client.TargetHost = "silo";
            ((SslClientAuthenticationOptions)client.SslClientAuthenticationOptions).CertificateChainPolicy = LoadPolicy();
        };
    });

    private X509Certificate2 LoadCertificate()
    {
        // Not every platform takes a key for TLS that never was in a store or a file of its own.
        using var certificate = X509Certificate2.CreateFromPemFile(certificatePath, keyPath);
        return X509CertificateLoader.LoadPkcs12(certificate.Export(X509ContentType.Pkcs12), password: null);
    }

    private X509ChainPolicy LoadPolicy()
    {
        var policy = new X509ChainPolicy
        {
            TrustMode = X509ChainTrustMode.CustomRootTrust,
            RevocationMode = X509RevocationMode.NoCheck, // a private authority's list is seldom on the network
            DisableCertificateDownloads = true, // a stranger's certificate names no address that a silo should ask
        };
        policy.CustomTrustStore.ImportFromPemFile(authorityPath);
        policy.ApplicationPolicy.Add(_serverPurpose);
        policy.ApplicationPolicy.Add(_clientPurpose);
        return policy;
    }
}
