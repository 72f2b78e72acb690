using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Executor.Nodes.DatabaseTrouble;

public sealed class TlsTests
{
    private const string Password = "a-password-that-nobody-should-read";

    [PostgresFact]
    public async Task Server_that_speaks_tls_only_is_used_as_told_or_refused_in_plain_words()
    {
        await using var cluster = await Cluster.StartApartAsync(0);
        var certificate = await SpeakTlsOnlyAsync(cluster.Postgres);

        await RefusedAsync(cluster, "TLS certificate is not trusted", ("DATABASE_SSL", "true"));
        await RefusedAsync(cluster, "ask for TLS where DATABASE_SSL has none", ("DATABASE_SSL", "false"));

        var encrypted = await cluster.AddNodeAsync(("DATABASE_SSL", "require"), ("DATABASE_PASSWORD", Password));
        await DepositAsync(cluster, encrypted);

        // Verified against an authority that is told; by its name, since that is what it certifies.
        var file = Path.GetTempFileName();
        await File.WriteAllTextAsync(file, certificate);
        var verified = await cluster.AddNodeAsync(
            ("DATABASE_SSL", "true"),
            ("DATABASE_URL", $"postgres://postgres:{Password}@localhost:{cluster.Postgres.Port}/postgres?sslrootcert={Uri.EscapeDataString(file)}"));
        await DepositAsync(cluster, verified);
        File.Delete(file);

        Assert.Equal(0L, await cluster.Postgres.ExecuteAsync(
            "SELECT count(*) FROM pg_stat_ssl JOIN pg_stat_activity USING (pid) WHERE application_name = 'executor' AND NOT ssl"));
        Assert.DoesNotContain(Password, cluster.Said, StringComparison.Ordinal);
    }

    private static async Task RefusedAsync(Cluster cluster, string words, (string Name, string Value) setting)
    {
        var refused = await Assert.ThrowsAsync<InvalidOperationException>(() => cluster.AddNodeAsync(setting, ("DATABASE_PASSWORD", Password)));
        Assert.Contains(words, refused.Message, StringComparison.Ordinal);
    }

    private static async Task DepositAsync(Cluster cluster, ClusterNode node) => Assert.Equal(
        HttpStatusCode.OK, (await node.As(1).DepositAsync("strict", cluster.Sandbox.OAuth.Mint(), cluster.Sandbox)).Status);

    private static async Task<string> SpeakTlsOnlyAsync(PrivatePostgres postgres)
    {
        using var key = RSA.Create(2048);
        var request = new CertificateRequest("CN=localhost", key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName("localhost");
        request.CertificateExtensions.Add(names.Build());
        using var certificate = request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
        await postgres.PutAsync("server.crt", certificate.ExportCertificatePem());
        await postgres.PutAsync("server.key", key.ExportPkcs8PrivateKeyPem());
        await postgres.PutAsync("pg_hba.conf", "hostssl all all 127.0.0.1/32 trust\n");
        await postgres.ExecuteAsync("ALTER SYSTEM SET ssl = on");
        await postgres.ExecuteAsync("SELECT pg_reload_conf()");
        await Eventually.TrueAsync(async () => await postgres.ExecuteAsync("SHOW ssl") is "on");
        return certificate.ExportCertificatePem();
    }
}
