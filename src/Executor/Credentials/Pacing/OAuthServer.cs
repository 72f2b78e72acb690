namespace Executor.Credentials.Pacing;

/// <summary>The OAuth server behind a token endpoint: whatever has the same origin shares its limits.</summary>
internal readonly record struct OAuthServer(string Origin)
{
    public static OAuthServer Of(CredentialRow row) => Of(row.Client?.TokenEndpoint);

    public static OAuthServer Of(string? tokenEndpoint) =>
        Uri.TryCreate(tokenEndpoint, UriKind.Absolute, out var endpoint)
            ? new OAuthServer($"{endpoint.Scheme}://{endpoint.Authority}")
            : default;
}
