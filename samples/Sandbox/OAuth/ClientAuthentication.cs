using System.Net;
using System.Text;

namespace Executor.Sandbox.OAuth;

/// <summary>How a request identified its client (RFC 6749 section 2.3.1).</summary>
internal sealed record ClientAuthentication(ClientAuthMethod Method, string? ClientId, string? Secret)
{
    private const string Basic = "Basic ";

    /// <summary>Null where the request is malformed, or uses two methods at once, which section 2.3 forbids.</summary>
    public static ClientAuthentication? Read(HttpRequest request, IFormCollection form)
    {
        var bodyId = Value(form, "client_id");
        var bodySecret = Value(form, "client_secret");
        var header = request.Headers.Authorization.ToString();
        if (!header.StartsWith(Basic, StringComparison.OrdinalIgnoreCase))
        {
            return bodySecret is null
                ? new ClientAuthentication(ClientAuthMethod.None, bodyId, Secret: null)
                : new ClientAuthentication(ClientAuthMethod.ClientSecretPost, bodyId, bodySecret);
        }

        if (bodySecret is not null || Decode(header[Basic.Length..]) is not { } pair || (bodyId is not null && bodyId != pair.Id))
            return null;
        return new ClientAuthentication(ClientAuthMethod.ClientSecretBasic, pair.Id, pair.Secret);
    }

    public bool Satisfies(RegisteredClient? client) =>
        client is null
            ? ClientId is null
            : Secret == client.Secret && (client.Method is null || client.Method == Method);

    internal static string? Value(IFormCollection form, string name) =>
        form.TryGetValue(name, out var values) && values.Count == 1 && values[0] is { Length: > 0 } value ? value : null;

    // Both halves are form-url-encoded before they are joined; a client that forgets it fails here as it does in the field.
    private static (string Id, string Secret)? Decode(string encoded)
    {
        var bytes = new byte[encoded.Length];
        if (!Convert.TryFromBase64String(encoded.Trim(), bytes, out var length))
            return null;
        var text = Encoding.UTF8.GetString(bytes, 0, length);
        var colon = text.IndexOf(':', StringComparison.Ordinal);
        return colon < 0 ? null : (WebUtility.UrlDecode(text[..colon]), WebUtility.UrlDecode(text[(colon + 1)..]));
    }
}
