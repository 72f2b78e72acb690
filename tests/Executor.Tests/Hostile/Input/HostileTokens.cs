namespace Executor.Tests.Hostile.Input;

/// <summary>Tokens that say who calls and must not be believed.</summary>
internal static class HostileTokens
{
    private static readonly string[] Ids =
    [
        "true", "null", "0", "-1", "-0", "1.0", "1.5", "1e3", "[5]", "[]", "{}", "9223372036854775808", "18446744073709551617", "1e400",
        "\"SENTINEL-hostile\"", "\"\"", "\" 42\"", "\"42 \"", "\"4 2\"", "\"+42\"", "\"-1\"", "\"0\"", "\"1.0\"", "\"042\"", "\"0x2a\"",
        "\"42\\u0000\"", "\"9223372036854775808\"", "\"٤٢\"", "\"４２\"", "\"\\ud800\"", "\"42\\n\"", "\"42,43\"",
    ];

    private static readonly string[] Expiries =
        ["null", "true", "\"4102444800\"", "1e300", "1e400", "-1", "0", "0.5", "253402300800", "9223372036854775807", "[4102444800]", "{}"];

    /// <summary>By what is wrong with each.</summary>
    public static IEnumerable<(string What, string Token)> All()
    {
        var later = TestTokens.InSeconds(TimeSpan.FromHours(1));
        var past = TestTokens.InSeconds(TimeSpan.FromMinutes(-2));
        var good = TestTokens.For(Target.Attacker);
        var payload = $$"""{"id":42,"name":"SENTINEL-hostile","exp":{{later}}}""";
        var parts = good.Split('.');
        yield return ("nothing", "");
        yield return ("garbage", "SENTINEL-hostile");
        yield return ("three parts of nothing", "..");
        yield return ("longer than any token may be", new string('e', 20_000));
        yield return ("alg none", TestTokens.WithoutSignature(payload));
        yield return ("alg none, signed", TestTokens.Mint(payload, """{"alg":"none"}"""));
        yield return ("alg nOnE", TestTokens.Mint(payload, """{"alg":"nOnE"}"""));
        yield return ("alg in lower case", TestTokens.Mint(payload, """{"alg":"hs256"}"""));
        yield return ("alg null", TestTokens.Mint(payload, """{"alg":null}"""));
        yield return ("alg a list", TestTokens.Mint(payload, """{"alg":["HS256"]}"""));
        yield return ("no alg", TestTokens.Mint(payload, """{"typ":"JWT"}"""));
        yield return ("two algs", TestTokens.Mint(payload, """{"alg":"HS256","alg":"HS256"}"""));
        yield return ("critical extension", TestTokens.Mint(payload, """{"alg":"HS256","crit":["exp"]}"""));
        yield return ("HS512", TestTokens.MintHs512(payload));
        yield return ("HS512 that says HS256", TestTokens.MintHs512(payload).Replace("eyJhbGciOiJIUzUxMiI", "eyJhbGciOiJIUzI1NiI", StringComparison.Ordinal));
        yield return ("RS256", TestTokens.MintRs256(payload));
        yield return ("header says RS256, signed with the secret", TestTokens.Mint(payload, """{"alg":"RS256"}"""));
        yield return ("HS256 with a public key for a secret", TestTokens.Mint(payload, secret: "-----BEGIN PUBLIC KEY-----\nMIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8A\n-----END PUBLIC KEY-----\n"));
        yield return ("HS256 with an empty secret", TestTokens.Mint(payload, secret: ""));
        yield return ("HS256 with the encryption key", TestTokens.Mint(payload, secret: TestTokens.EncryptionKey));
        yield return ("key of its own in the header", TestTokens.Mint(payload, """{"alg":"HS256","jwk":{"kty":"oct","k":"c2VjcmV0"}}""", "secret"));
        yield return ("signature cut", good[..^2]);
        yield return ("no signature", $"{parts[0]}.{parts[1]}.");
        yield return ("signature of another", $"{parts[0]}.{parts[1]}.{TestTokens.For(43).Split('.')[2]}");
        yield return ("payload of another", $"{parts[0]}.{TestTokens.For(43).Split('.')[1]}.{parts[2]}");
        yield return ("fourth part", good + ".x");
        yield return ("five parts, as if encrypted", good + ".x.y");
        yield return ("broken UTF-8 in base64", $"{parts[0]}._w.{parts[2]}");
        yield return ("algorithm is half a character", TestTokens.Mint("true", """{"alg":"\ud800"}"""));
        yield return ("payload is a list", TestTokens.Mint("[]"));
        yield return ("payload is no JSON", TestTokens.Mint("{"));
        yield return ("payload is too deep", TestTokens.Mint($$"""{"id":42,"exp":{{later}},"x":{{new string('[', 5000)}}{{new string(']', 5000)}}}"""));
        yield return ("two ids", TestTokens.Mint($$"""{"id":41,"id":42,"exp":{{later}}}"""));
        yield return ("two ids, one escaped", TestTokens.Mint($$"""{"id":41,"\u0069d":42,"exp":{{later}}}"""));
        yield return ("two exps", TestTokens.Mint($$"""{"id":42,"exp":{{past}},"exp":{{later}}}"""));
        yield return ("no id", TestTokens.Mint($$"""{"ID":42,"sub":"42","exp":{{later}}}"""));
        yield return ("no exp", TestTokens.Mint("""{"id":42}"""));
        yield return ("expired", TestTokens.Mint($$"""{"id":42,"exp":{{past}}}"""));
        yield return ("not yet valid", TestTokens.Mint($$"""{"id":42,"exp":{{later}},"nbf":{{later - 60}}}"""));
        yield return ("nbf as text", TestTokens.Mint($$"""{"id":42,"exp":{{later}},"nbf":"0"}"""));
        foreach (var id in Ids)
            yield return ($"id {id}", TestTokens.WithId(id));
        foreach (var exp in Expiries)
            yield return ($"exp {exp}", TestTokens.Mint($$"""{"id":42,"exp":{{exp}}}"""));
    }
}
