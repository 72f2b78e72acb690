using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Executor.Security;

namespace Executor.Silo.Hosting;

/// <summary>
/// An authority whose private key is derived from an encryption key, one-way. Whoever has the encryption key is trusted with all that a
/// silo is told. Nobody has to make, store or hand out certificates.
/// </summary>
internal static class SiloAuthority
{
    private static readonly DateTimeOffset _notBefore = new(2020, 1, 1, 0, 0, 0, TimeSpan.Zero);
    private static readonly DateTimeOffset _notAfter = new(2099, 1, 1, 0, 0, 0, TimeSpan.Zero);

    /// <summary>Its own, without its private key.</summary>
    public static X509Certificate2 Certificate(EncryptionKey key)
    {
        using var signing = SigningKey(key);
        using var certificate = Certificate(key, signing);
        return X509CertificateLoader.LoadCertificate(certificate.RawData);
    }

    /// <summary>A certificate for a silo, with a private key of its own.</summary>
    public static X509Certificate2 Issue(EncryptionKey key)
    {
        using var signing = SigningKey(key);
        using var authority = Certificate(key, signing);
        using var own = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=silo", own, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(certificateAuthority: false, false, 0, critical: true));
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new("1.3.6.1.5.5.7.3.1"), new("1.3.6.1.5.5.7.3.2")], critical: true));
        using var issued = request.Create(authority, _notBefore, _notAfter, RandomNumberGenerator.GetBytes(16));
        return SiloTls.Usable(issued.CopyWithPrivateKey(own));
    }

    private static X509Certificate2 Certificate(EncryptionKey key, ECDsa signing)
    {
        // By name, so that of several authorities the right one is found.
        var request = new CertificateRequest($"CN=executor silos {key.Id}", signing, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(certificateAuthority: true, false, 0, critical: true));
        return request.CreateSelfSigned(_notBefore, _notAfter);
    }

    private static ECDsa SigningKey(EncryptionKey key)
    {
        var number = (byte[])key.SiloAuthority.Clone();
        number[0] &= 0x7F; // below the curve's order
        try
        {
            return ECDsa.Create(new ECParameters { Curve = ECCurve.NamedCurves.nistP256, D = number });
        }
        finally
        {
            CryptographicOperations.ZeroMemory(number);
        }
    }
}
