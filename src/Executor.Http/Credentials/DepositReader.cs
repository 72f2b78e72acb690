using System.Globalization;
using System.Text.Json;
using Executor.Credentials;
using Executor.Http.Bodies;
using Executor.Identity;

namespace Executor.Http.Credentials;

/// <summary>The rules of a deposit's body, apart from those of the token endpoint's address, which the credential's owner guards.</summary>
internal static class DepositReader
{
    /// <summary>Some providers' refresh tokens are signed documents of several KiB; none is known near this.</summary>
    public const int MaxTokenLength = 16 * 1024;

    private static readonly string[] Iso8601 =
        ["yyyy-MM-dd", "yyyy-MM-dd'T'HH:mmK", "yyyy-MM-dd'T'HH:mm:ssK", "yyyy-MM-dd'T'HH:mm:ss.FFFFFFFK"];

    public static (McpServerId Server, Deposit Deposit) Read(JsonElement root, DateTimeOffset now, BodyIssues issues)
    {
        var body = new JsonObject(
            root, "", issues,
            "mcpServerId", "refreshToken", "tokenEndpoint", "clientId", "clientSecret", "clientSecretExpiresAt", "tokenEndpointAuthMethod", "scopes");
        var server = body.ServerId("mcpServerId");
        var token = body.Text("refreshToken", MaxTokenLength);
        var endpoint = body.Text("tokenEndpoint", 2048);
        var clientId = body.OptionalText("clientId", 255);
        var secret = body.OptionalText("clientSecret", MaxTokenLength);
        var expiresAt = ReadExpiry(body, now);
        var method = body.Word(
            "tokenEndpointAuthMethod",
            ClientAuthMethod.Unspecified,
            ("client_secret_basic", ClientAuthMethod.Basic),
            ("client_secret_post", ClientAuthMethod.Post),
            ("none", ClientAuthMethod.None));
        var scopes = body.OptionalText("scopes", 2048, minLength: 0);

        if (body.Has("clientSecret") && !body.Has("clientId"))
            body.Refuse("clientId", "is required beside clientSecret");
        if (body.Has("clientSecret") && method == ClientAuthMethod.None)
            body.Refuse("tokenEndpointAuthMethod", "'none' does not go with a clientSecret");

        var deposit = new Deposit(
            new RefreshToken(token), endpoint, clientId, secret is null ? null : new ClientSecret(secret), expiresAt, method, scopes);
        return (server, deposit);
    }

    /// <summary>A date alone, and a time without an offset, are UTC.</summary>
    private static DateTimeOffset? ReadExpiry(JsonObject body, DateTimeOffset now)
    {
        const string Member = "clientSecretExpiresAt";
        if (body.OptionalText(Member, 64) is not { } text)
            return null;
        const DateTimeStyles Utc = DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal;
        if (!DateTimeOffset.TryParseExact(text, Iso8601, CultureInfo.InvariantCulture, Utc, out var expiry))
            body.Refuse(Member, "must be an ISO 8601 date or time");
        else if (expiry <= now)
            body.Refuse(Member, "is in the past");
        else
            return expiry;
        return null;
    }
}
