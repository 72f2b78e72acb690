using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Executor.Server.Configuration;
using Orleans.Connections.Security;

namespace Executor.Silo.Hosting;

/// <summary>
/// Both ends of a connection between silos show a certificate of the operators' own authority, for both purposes. It says that they
/// are silos of this cluster; which address they have is nobody's concern.
/// </summary>
internal sealed class SiloTls(X509Certificate2 certificate, X509Certificate2Collection authority)
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
        try
        {
            var authority = new X509Certificate2Collection();
            authority.ImportFromPemFile(values.Find(_authority)!);
            if (authority.Count > 0)
                return new SiloTls(X509Certificate2.CreateFromPemFile(values.Find(_certificate)!, values.Find(_key)!), authority);
            values.Refuse(_authority, "holds no certificate.");
        }
        catch (Exception unreadable) when (unreadable is CryptographicException or IOException or UnauthorizedAccessException)
        {
            values.Refuse(_certificate, $"this, {_key.Name} and {_authority.Name} must name PEM files that this process can read, the key being the certificate's.");
        }

        return null;
    }

    public void Use(ISiloBuilder silo) => silo.UseTls(certificate, tls =>
    {
        tls.RemoteCertificateMode = RemoteCertificateMode.RequireCertificate;
        tls.ClientCertificateMode = RemoteCertificateMode.RequireCertificate;
        tls.RemoteCertificateValidation = (remote, _, _) => IsSilo(remote);
        tls.OnAuthenticateAsClient = (_, client) => client.TargetHost = "silo"; // certificates are not asked for a name
    });

    private bool IsSilo(X509Certificate2 remote)
    {
        using var chain = new X509Chain();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.CustomTrustStore.AddRange(authority);
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck; // a private authority's list is seldom on the network
        chain.ChainPolicy.ApplicationPolicy.Add(_serverPurpose);
        chain.ChainPolicy.ApplicationPolicy.Add(_clientPurpose);
        return chain.Build(remote);
    }
}
