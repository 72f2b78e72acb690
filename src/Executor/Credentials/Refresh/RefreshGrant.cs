using System.Net.Http.Headers;
using System.Text;
using Executor.Servers;

namespace Executor.Credentials.Refresh;

/// <summary>A refresh request (RFC 6749 §6), with the client identified the way it was registered (§2.3.1).</summary>
internal sealed record RefreshGrant(
    Uri TokenEndpoint, RefreshToken Token, ClientRegistration Client, ClientSecret? Secret, string? Resource)
{
    public string UserAgent { get; init; } = UserAgents.Default;

    private bool SecretInBody => Secret is not null && Client.AuthMethod == ClientAuthMethod.Post;

    public string Body() => FormEncoding.Body(Fields());

    /// <summary>Null where the client is identified in the body.</summary>
    public AuthenticationHeaderValue? Authorization()
    {
        if (Secret is not { } secret || SecretInBody)
            return null;
        var pair = $"{FormEncoding.Encode(Client.ClientId ?? "")}:{FormEncoding.Encode(secret.Value)}";
        return new AuthenticationHeaderValue("Basic", Convert.ToBase64String(Encoding.ASCII.GetBytes(pair)));
    }

    public override string ToString() => nameof(RefreshGrant);

    private IEnumerable<KeyValuePair<string, string>> Fields()
    {
        yield return new("grant_type", "refresh_token");
        yield return new("refresh_token", Token.Value);
        if (!string.IsNullOrEmpty(Client.Scopes))
            yield return new("scope", Client.Scopes);
        if (Resource is not null)
            yield return new("resource", Resource); // RFC 8707 §2.2
        if (Client.ClientId is { } clientId && (Secret is null || SecretInBody))
            yield return new("client_id", clientId);
        if (SecretInBody)
            yield return new("client_secret", Secret!.Value.Value);
    }
}
