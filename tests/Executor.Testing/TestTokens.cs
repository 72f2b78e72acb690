using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;

namespace Executor.Testing;

/// <summary>Mints callers' tokens, good and bad, byte by byte: a library would refuse to make the bad ones.</summary>
public static class TestTokens
{
    public const string Secret = "an-authentication-secret-for-tests-only";

    public const string EncryptionKey = "0f1e2d3c4b5a69788796a5b4c3d2e1f00f1e2d3c4b5a69788796a5b4c3d2e1f0";

    public static string For(long user, TimeSpan? lifetime = null) => WithId(user.ToString(), lifetime);

    /// <param name="id">The claim's value as JSON.</param>
    public static string WithId(string id, TimeSpan? lifetime = null) =>
        Mint($$"""{"id":{{id}},"exp":{{InSeconds(lifetime ?? TimeSpan.FromHours(1))}}}""");

    public static long InSeconds(TimeSpan fromNow) => DateTimeOffset.UtcNow.Add(fromNow).ToUnixTimeSeconds();

    public static string Mint(string payload, string header = """{"alg":"HS256","typ":"JWT"}""", string secret = Secret)
    {
        var signed = $"{Encode(header)}.{Encode(payload)}";
        return $"{signed}.{Base64Url.EncodeToString(HMACSHA256.HashData(Encoding.UTF8.GetBytes(secret), Encoding.ASCII.GetBytes(signed)))}";
    }

    public static string MintHs512(string payload)
    {
        var signed = $"{Encode("""{"alg":"HS512","typ":"JWT"}""")}.{Encode(payload)}";
        return $"{signed}.{Base64Url.EncodeToString(HMACSHA512.HashData(Encoding.UTF8.GetBytes(Secret), Encoding.ASCII.GetBytes(signed)))}";
    }

    public static string MintRs256(string payload)
    {
        using var rsa = RSA.Create(2048);
        var signed = $"{Encode("""{"alg":"RS256","typ":"JWT"}""")}.{Encode(payload)}";
        return $"{signed}.{Base64Url.EncodeToString(rsa.SignData(Encoding.ASCII.GetBytes(signed), HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1))}";
    }

    public static string WithoutSignature(string payload) => $"{Encode("""{"alg":"none"}""")}.{Encode(payload)}.";

    private static string Encode(string json) => Base64Url.EncodeToString(Encoding.UTF8.GetBytes(json));
}
